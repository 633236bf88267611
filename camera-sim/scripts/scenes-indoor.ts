/** The places under a roof. @module */
import { carton, pendulum, person, sway, windows } from "./figures.ts";
import type { Scene } from "./scenes-outdoor.ts";
import { mix, rgb } from "./raster.ts";

const corridor: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, rgb("#dfe7ea"));
		r.polygon(
			[
				[0, 64],
				[520, 270],
				[520, 470],
				[0, 720],
			],
			{ from: rgb("#b8cdd1"), to: rgb("#9ab4ba") },
		);
		r.polygon(
			[
				[1280, 64],
				[760, 270],
				[760, 470],
				[1280, 720],
			],
			{ from: rgb("#a9c2c7"), to: rgb("#8ba7ae") },
		);
		r.polygon(
			[
				[0, 720],
				[520, 470],
				[760, 470],
				[1280, 720],
			],
			{ from: rgb("#7f959b"), to: rgb("#55686e") },
		);
		r.polygon(
			[
				[0, 64],
				[520, 270],
				[760, 270],
				[1280, 64],
			],
			rgb("#f4f8f8"),
		);
		r.rectangle(520, 270, 240, 200, { from: rgb("#f5d98f"), to: rgb("#e3bd63") });
		r.rectangle(590, 310, 100, 160, rgb("#8c5a3c"));
		r.circle(676, 396, 7, rgb("#f5d98f"));
		for (const [near, far] of [
			[60, 200],
			[250, 350],
			[390, 450],
		] as const) {
			const top = (x: number) => 64 + (x / 520) * 206 + 90 * (1 - x / 700);
			const bottom = (x: number) => 720 - (x / 520) * 250;
			r.polygon(
				[
					[near, top(near)],
					[far, top(far)],
					[far, bottom(far)],
					[near, bottom(near)],
				],
				rgb("#3f8f8b"),
			);
			const [a, b] = [1280 - near, 1280 - far];
			r.polygon(
				[
					[a, top(near)],
					[b, top(far)],
					[b, bottom(far)],
					[a, bottom(near)],
				],
				rgb("#357a77"),
			);
		}
		for (const [y, half] of [
			[110, 130],
			[180, 80],
			[230, 46],
		] as const)
			r.polygon(
				[
					[640 - half, y],
					[640 + half, y],
					[640 + half * 0.75, y + half * 0.3],
					[640 - half * 0.75, y + half * 0.3],
				],
				rgb("#ffffff"),
			);
	},
	moving(r, phase) {
		const near = pendulum(phase);
		person(r, 640 + sway(phase) * 90, 480 + near * 200, 150 + near * 240, rgb("#d1495b"), phase * 6);
	},
};

const warehouse: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#39424e"), to: rgb("#4d5661") });
		r.rectangle(0, 560, 1280, 160, { from: rgb("#8d9299"), to: rgb("#6f757d") });
		for (let x = 0; x < 1280; x += 80)
			r.polygon(
				[
					[x, 620],
					[x + 40, 620],
					[x + 20, 640],
					[x - 20, 640],
				],
				rgb("#f6c445"),
			);
		for (const y of [220, 350, 480]) {
			for (let x = 60; x < 1230; x += 84) if ((x * 7 + y) % 5 !== 0) carton(r, x, y - 72, 72);
			r.rectangle(30, y, 1220, 16, rgb("#f0792b"));
		}
		for (const x of [30, 430, 830, 1234]) r.rectangle(x, 110, 18, 460, rgb("#2b5fa5"));
	},
	moving(r, phase) {
		const x = 180 + pendulum(phase) * 820;
		const lift = pendulum(phase * 2 - Math.floor(phase * 2)) * 110;
		r.rectangle(x + 120, 400, 14, 232, rgb("#20262e"));
		r.rectangle(x + 130, 600 - lift, 110, 12, rgb("#20262e"));
		carton(r, x + 146, 510 - lift, 90);
		r.rectangle(x - 60, 530, 180, 90, { from: rgb("#ffcf33"), to: rgb("#dfa713") });
		r.rectangle(x - 40, 430, 10, 110, rgb("#20262e"));
		r.rectangle(x - 40, 424, 150, 12, rgb("#20262e"));
		r.circle(x + 30, 480, 22, rgb("#e8b48f"));
		r.rectangle(x + 8, 500, 44, 40, rgb("#2f6fb3"));
		for (const wheel of [-30, 90]) r.circle(x + wheel, 626, 32, rgb("#14181d"));
	},
};

const reception: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#f6ece4"), to: rgb("#e7d5c6") });
		r.rectangle(120, 120, 460, 300, { from: rgb("#a8dcf0"), to: rgb("#e2f4fa") });
		for (const x of [120, 346, 572]) r.rectangle(x, 120, 10, 300, rgb("#8a6f5c"));
		r.rectangle(120, 264, 460, 8, rgb("#8a6f5c"));
		r.rectangle(0, 560, 1280, 160, { from: rgb("#b98e6b"), to: rgb("#966d4d") });
		for (let x = -60; x < 1280; x += 120) r.line([x, 720], [x + 70, 560], 3, rgb("#7d5940"), 0.5);
		r.rectangle(690, 420, 440, 190, { from: rgb("#7a2e4d"), to: rgb("#5a2038") });
		r.rectangle(670, 404, 480, 24, rgb("#f3e3d3"));
		r.rectangle(830, 320, 120, 80, rgb("#2a2430"));
		r.rectangle(880, 398, 20, 12, rgb("#2a2430"));
		r.rectangle(270, 520, 70, 80, rgb("#c96f4a"));
		for (let leaf = 0; leaf < 7; leaf++)
			r.ellipse(
				305 + Math.cos(leaf * 0.9) * 46,
				470 + Math.sin(leaf * 0.9) * 44,
				34,
				20,
				rgb(leaf % 2 ? "#3e9b63" : "#2d7d4f"),
			);
	},
	moving(r, phase) {
		r.circle(1010, 350 + sway(phase, 2) * 5, 34, rgb("#e8b48f"));
		r.rectangle(975, 384 + sway(phase, 2) * 5, 70, 22, rgb("#2d6a9f"));
		person(r, 60 + pendulum(phase) * 500, 670, 270, rgb("#2a9d8f"), phase * 6);
		r.rectangle(840, 330 + phase * 58, 100, 6, rgb("#7ee0a8"));
	},
};

const loadingDock: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#a9b4bd"), to: rgb("#8b98a3") });
		for (let x = 0; x < 1280; x += 40) r.rectangle(x, 64, 3, 440, rgb("#7a8691"), 0.7);
		for (const [index, x] of [90, 500, 910].entries()) {
			r.rectangle(x - 16, 210, 312, 294, rgb("#f2c230"));
			r.rectangle(x, 226, 280, 278, rgb("#20262c"));
			for (let y = 226; y < (index === 1 ? 300 : 500); y += 28) r.rectangle(x, y, 280, 24, rgb("#dfe5e9"));
			r.rectangle(x + 110, 150, 60, 44, rgb("#214e7a"));
		}
		r.rectangle(0, 500, 1280, 220, { from: rgb("#6a7078"), to: rgb("#4b5057") });
		for (let x = 0; x < 1280; x += 60)
			r.polygon(
				[
					[x, 500],
					[x + 30, 500],
					[x + 10, 522],
					[x - 20, 522],
				],
				rgb("#f2c230"),
			);
	},
	moving(r, phase) {
		const away = pendulum(phase) * 620;
		const x = 560 + away;
		r.rectangle(x, 320, 330, 240, { from: rgb("#f7f8f9"), to: rgb("#c7ced4") });
		r.rectangle(x, 430, 330, 30, rgb("#d7263d"));
		r.polygon(
			[
				[x + 336, 380],
				[x + 430, 380],
				[x + 480, 460],
				[x + 480, 570],
				[x + 336, 570],
			],
			rgb("#d7263d"),
		);
		r.polygon(
			[
				[x + 372, 400],
				[x + 422, 400],
				[x + 454, 460],
				[x + 372, 460],
			],
			rgb("#bfe3f2"),
		);
		for (const wheel of [60, 150, 410]) r.circle(x + wheel, 580, 38, rgb("#16191d"));
		r.circle(x + 6, 545, 10, away > 10 && phase > 0.5 ? rgb("#ffffff") : rgb("#ff3b30"));
	},
};

const shop: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#fff6e0"), to: rgb("#f3deb4") });
		r.rectangle(0, 580, 1280, 140, { from: rgb("#c9d6c3"), to: rgb("#a4b89c") });
		const goods = ["#ef476f", "#ffd166", "#06d6a0", "#118ab2", "#8e5bd0", "#f78c3b"];
		for (const [row, y] of [170, 290, 410].entries()) {
			r.rectangle(40, y + 82, 760, 16, rgb("#8f6b46"));
			for (let item = 0; item < 14; item++) {
				const height = 48 + ((item * 29 + row * 17) % 32);
				const colour = rgb(goods[(item * 5 + row * 2) % goods.length] ?? "#ef476f");
				r.rectangle(54 + item * 53, y + 82 - height, 40, height, {
					from: colour,
					to: mix(colour, rgb("#2b1b10"), 0.25),
				});
				r.rectangle(60 + item * 53, y + 96 - height, 28, 12, rgb("#fffaf0"), 0.85);
			}
		}
		r.rectangle(880, 460, 360, 170, { from: rgb("#1d7874"), to: rgb("#135653") });
		r.rectangle(860, 444, 400, 22, rgb("#f6efe0"));
		r.rectangle(1080, 370, 110, 76, rgb("#33383d"));
		for (let stripe = 0; stripe < 10; stripe++)
			r.polygon(
				[
					[840 + stripe * 44, 250],
					[884 + stripe * 44, 250],
					[884 + stripe * 44, 310],
					[840 + stripe * 44, 310],
				],
				rgb(stripe % 2 ? "#ffffff" : "#ef476f"),
			);
	},
	moving(r, phase) {
		person(r, 990 + sway(phase, 2) * 24, 590, 270, rgb("#f4a259"), 0);
		r.rectangle(880, 460, 360, 170, { from: rgb("#1d7874"), to: rgb("#135653") });
		r.rectangle(860, 444, 400, 22, rgb("#f6efe0"));
		const x = 240 + pendulum(phase) * 480;
		person(r, x, 680, 280, rgb("#5b5bd6"), phase * 6);
		r.polygon(
			[
				[x + 50, 540],
				[x + 190, 540],
				[x + 166, 620],
				[x + 70, 620],
			],
			rgb("#9aa5ad"),
			0.9,
		);
		for (const wheel of [80, 160]) r.circle(x + wheel, 650, 14, rgb("#33383d"));
	},
};

const staircase: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#4a3f6b"), to: rgb("#31294d") });
		r.rectangle(120, 130, 210, 330, { from: rgb("#ffd9a0"), to: rgb("#ff9f80") });
		r.rectangle(220, 130, 10, 330, rgb("#2a2342"));
		r.rectangle(120, 290, 210, 10, rgb("#2a2342"));
		for (let step = 0; step < 11; step++) {
			const x = 250 + step * 88;
			const y = 640 - step * 42;
			r.rectangle(x, y, 1280 - x, 720 - y, mix(rgb("#b9a7e0"), rgb("#6f5f9c"), step / 11));
			r.rectangle(x, y, 92, 10, rgb("#efe7ff"));
		}
		r.line([270, 500], [1210, 50], 14, rgb("#ffcf70"));
		for (let step = 0; step < 11; step++)
			r.line([300 + step * 88, 640 - step * 42], [300 + step * 88, 488 - step * 42], 6, rgb("#ffcf70"));
	},
	moving(r, phase) {
		const climb = pendulum(phase);
		const x = 330 + climb * 620;
		person(r, x, 640 - (x - 250) * (42 / 88) + 20, 220, rgb("#4cc9f0"), phase * 8);
	},
};

const workshop: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#5b6b5d"), to: rgb("#47544a") });
		r.rectangle(0, 590, 1280, 130, { from: rgb("#3c403d"), to: rgb("#2b2e2c") });
		r.rectangle(100, 130, 560, 230, rgb("#c49a6c"));
		for (const [index, x] of [150, 240, 330, 420, 510, 600].entries()) {
			r.rectangle(x - 7, 170, 14, 110 + (index % 3) * 20, rgb("#30343a"));
			r.rectangle(x - 26, 160, 52, 28, rgb(["#e5484d", "#3c6ff0", "#ffb224"][index % 3] ?? "#e5484d"));
		}
		r.rectangle(60, 450, 1160, 36, { from: rgb("#e0b27a"), to: rgb("#b78449") });
		for (const x of [100, 620, 1140]) r.rectangle(x, 486, 40, 170, rgb("#7b5730"));
		r.rectangle(820, 420, 170, 34, rgb("#6d7780"));
		r.rectangle(880, 330, 60, 100, rgb("#4d565e"));
	},
	moving(r, phase) {
		r.circle(910, 340, 92, rgb("#cfd6db"));
		for (let tooth = 0; tooth < 12; tooth++) {
			const angle = (phase + tooth / 12) * 2 * Math.PI;
			r.circle(910 + Math.cos(angle) * 92, 340 + Math.sin(angle) * 92, 16, rgb("#cfd6db"));
		}
		for (let spoke = 0; spoke < 3; spoke++) {
			const angle = (phase + spoke / 3) * 2 * Math.PI;
			r.line([910, 340], [910 + Math.cos(angle) * 76, 340 + Math.sin(angle) * 76], 22, rgb("#ff7a1a"));
		}
		r.circle(910, 340, 24, rgb("#33393f"));
		for (let spark = 0; spark < 8; spark++) {
			const age = (phase * 8 + spark / 8) % 1;
			r.circle(
				800 - age * 150,
				440 - age * 60 + ((spark * 31) % 50) * age + age * age * 80,
				7 - age * 4,
				rgb("#ffe066"),
			);
		}
	},
};

const serverRoom: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#06202b"), to: rgb("#0a3440") });
		r.polygon(
			[
				[0, 720],
				[360, 560],
				[920, 560],
				[1280, 720],
			],
			{ from: rgb("#0f4a57"), to: rgb("#0a2d38") },
		);
		for (let rack = 0; rack < 5; rack++) {
			const x = 60 + rack * 236;
			r.rectangle(x, 120, 200, 480, rgb("#0c1418"));
			r.rectangle(x + 10, 130, 180, 460, rgb("#18262d"));
			for (let unit = 0; unit < 12; unit++) r.rectangle(x + 18, 140 + unit * 37, 164, 28, rgb("#24363f"));
		}
		r.rectangle(0, 96, 1280, 10, rgb("#24c8db"), 0.6);
	},
	moving(r, phase) {
		const tick = Math.floor(phase * 16);
		for (let rack = 0; rack < 5; rack++) {
			windows(
				r,
				{ x: 86 + rack * 236, y: 149, columns: 5, rows: 12, stepX: 18, stepY: 37 },
				{ width: 10, height: 9 },
				(column, row) => {
					const lit = (column * 13 + row * 7 + rack * 5 + (row % 3 === 0 ? tick : 0)) % 4;
					return rgb(lit === 0 ? "#12e2a3" : lit === 1 ? "#1fa2ff" : "#123540");
				},
			);
		}
		r.rectangle(0, 110 + phase * 480, 1280, 8, rgb("#24c8db"), 0.35);
		person(r, 1240 - pendulum(phase) * 1150, 690, 230, rgb("#f2f5f7"), phase * 8);
	},
};

export const INDOOR = { corridor, warehouse, reception, loadingDock, shop, staircase, workshop, serverRoom } as const;
