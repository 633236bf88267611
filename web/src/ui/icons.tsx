/** The few drawings of the page, each in a 16x16 box in the colour of the text around it. @module */
import type { JSX } from "preact";
import type { TileState } from "../player/tile-machine.ts";

function Icon({ children, filled = false }: { children: JSX.Element | JSX.Element[]; filled?: boolean }) {
	return (
		<svg
			class="icon"
			viewBox="0 0 16 16"
			aria-hidden="true"
			fill={filled ? "currentColor" : "none"}
			stroke={filled ? "none" : "currentColor"}
			stroke-width="1.6"
			stroke-linecap="round"
			stroke-linejoin="round"
		>
			{children}
		</svg>
	);
}

export const MoreIcon = () => (
	<Icon filled>
		<path d="M8 2.2a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8Zm0 4.4a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8Zm0 4.4a1.4 1.4 0 1 1 0 2.8 1.4 1.4 0 0 1 0-2.8Z" />
	</Icon>
);
export const ExpandIcon = () => (
	<Icon>
		<path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" />
	</Icon>
);
export const ShrinkIcon = () => (
	<Icon>
		<path d="M6 2.5V6H2.5M13.5 6H10V2.5M10 13.5V10h3.5M2.5 10H6v3.5" />
	</Icon>
);
export const GridIcon = () => (
	<Icon>
		<path d="M2.5 2.5h4.2v4.2H2.5ZM9.3 2.5h4.2v4.2H9.3ZM2.5 9.3h4.2v4.2H2.5ZM9.3 9.3h4.2v4.2H9.3Z" />
	</Icon>
);
export const EnlargeIcon = () => (
	<Icon>
		<path d="M9.5 2.5h4v4M13.5 2.5 9 7M6.5 13.5h-4v-4M2.5 13.5 7 9" />
	</Icon>
);
export const RefreshIcon = () => (
	<Icon>
		<path d="M13 8a5 5 0 1 1-1.6-3.7M13.2 2v3h-3" />
	</Icon>
);
export const CopyIcon = () => (
	<Icon>
		<path d="M5.5 5.5h8v8h-8ZM10.5 5.5v-3h-8v8h3" />
	</Icon>
);
export const SoundIcon = () => (
	<Icon>
		<path d="M2.5 6v4h2.6L8.5 13V3L5.1 6ZM11 5.8a3.2 3.2 0 0 1 0 4.4M12.8 4a5.8 5.8 0 0 1 0 8" />
	</Icon>
);
export const MuteIcon = () => (
	<Icon>
		<path d="M2.5 6v4h2.6L8.5 13V3L5.1 6ZM11 6.2l3.4 3.6M14.4 6.2 11 9.8" />
	</Icon>
);
export const HelpIcon = () => (
	<Icon>
		<path d="M1.8 4.5h12.4v7H1.8ZM4.4 7h.01M7 7h.01M9.5 7h.01M12 7h.01M5 9.4h6" />
	</Icon>
);
export const CloseIcon = () => (
	<Icon>
		<path d="m4 4 8 8M12 4l-8 8" />
	</Icon>
);

export const GearIcon = () => (
	<Icon>
		<circle cx="8" cy="8" r="2.2" />
		<path d="M8 1.8v2M8 12.2v2M1.8 8h2M12.2 8h2M3.6 3.6 5 5M11 11l1.4 1.4M12.4 3.6 11 5M5 11l-1.4 1.4" />
	</Icon>
);
export const EditIcon = () => (
	<Icon>
		<path d="M2.5 13.5 3 10.6 10.8 2.8l2.4 2.4L5.4 13ZM9.2 4.4l2.4 2.4" />
	</Icon>
);
export const UpIcon = () => (
	<Icon>
		<path d="M8 13V3M4 7l4-4 4 4" />
	</Icon>
);
export const DownIcon = () => (
	<Icon>
		<path d="M8 3v10M4 9l4 4 4-4" />
	</Icon>
);
export const BackIcon = () => (
	<Icon>
		<path d="M13 8H3M7 4 3 8l4 4" />
	</Icon>
);
export const GripIcon = () => (
	<Icon>
		<path d="M6 4v.01M10 4v.01M6 8v.01M10 8v.01M6 12v.01M10 12v.01" />
	</Icon>
);

/** A state by its shape: dot, open ring, bars of a picture that stands, camera of a still, exclamation mark. */
export function StateIcon({ kind }: { kind: TileState["kind"] }) {
	switch (kind) {
		case "live":
			return (
				<Icon filled>
					<circle cx="8" cy="8" r="5" />
				</Icon>
			);
		case "connecting":
			return (
				<Icon>
					<path class="turning" d="M8 3a5 5 0 1 1-5 5" />
				</Icon>
			);
		case "frozen":
			return (
				<Icon filled>
					<path d="M4 3h2.8v10H4ZM9.2 3H12v10H9.2Z" />
				</Icon>
			);
		case "still":
			return (
				<Icon>
					<path d="M2.5 4.5h2.6l1-1.5h3.8l1 1.5h2.6v8h-11Z" />
					<circle cx="8" cy="8.2" r="2.2" />
				</Icon>
			);
		case "offline":
			return (
				<Icon>
					<circle cx="8" cy="8" r="6" />
					<path d="M8 4.8v3.7M8 11.1v.01" />
				</Icon>
			);
	}
}
