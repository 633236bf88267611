/** What the simulated cameras look at, in the order of their numbers. @module */

export interface CameraName {
	readonly en: string;
	readonly es: string;
}

/** Camera 1 is the first; a wall with more cameras begins again from the first. */
export const CAMERA_NAMES: readonly CameraName[] = [
	{ en: "Main gate", es: "Puerta principal" },
	{ en: "Car park", es: "Aparcamiento" },
	{ en: "Corridor", es: "Pasillo" },
	{ en: "Warehouse", es: "Almacén" },
	{ en: "Pool", es: "Piscina" },
	{ en: "Street", es: "Calle" },
	{ en: "Reception", es: "Recepción" },
	{ en: "Garden", es: "Jardín" },
	{ en: "Loading dock", es: "Muelle de carga" },
	{ en: "Playground", es: "Patio de juegos" },
	{ en: "Shop", es: "Tienda" },
	{ en: "Staircase", es: "Escalera" },
	{ en: "Rooftop", es: "Azotea" },
	{ en: "Workshop", es: "Taller" },
	{ en: "Server room", es: "Sala de servidores" },
	{ en: "Harbour", es: "Puerto" },
];
