/** The places under the open sky. Each is drawn once; what moves is drawn over it for every picture. @module */
import { car, cloud, pendulum, person, sway, tree, windows } from "./figures.ts";
import type { Raster } from "./raster.ts";
import { rgb } from "./raster.ts";

export interface Scene {
	/** All that stands still. */
	background(raster: Raster): void;
	/** What moves; `phase` goes from 0 to 1 over the loop and has to end where it began. */
	moving(raster: Raster, phase: number): void;
}

const gate: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 420, { from: rgb("#7cc4ee"), to: rgb("#e3f3fa") });
		cloud(r, 860, 170, 110);
		r.rectangle(0, 330, 1280, 160, { from: rgb("#d9a679"), to: rgb("#c08a5c") });
		for (let x = 0; x < 1280; x += 64) r.rectangle(x, 330, 4, 150, rgb("#a8744a"), 0.5);
		r.rectangle(0, 484, 1280, 236, { from: rgb("#9aa3ab"), to: rgb("#6f7880") });
		r.polygon(
			[
				[470, 484],
				[810, 484],
				[1080, 720],
				[200, 720],
			],
			rgb("#565f68"),
		);
		for (const x of [430, 790]) {
			r.rectangle(x, 250, 60, 240, { from: rgb("#f2e4cf"), to: rgb("#cdb898") });
			r.circle(x + 30, 238, 24, rgb("#fff2c2"));
		}
		tree(r, 150, 470, 330, rgb("#3f9b5c"));
		tree(r, 1010, 460, 290, rgb("#56ab4f"));
	},
	moving(r, phase) {
		const open = pendulum(phase) * 230;
		for (let bar = 0; bar < 13; bar++) r.rectangle(490 + open + bar * 24, 290, 10, 190, rgb("#27435c"));
		r.rectangle(490 + open, 300, 300, 12, rgb("#27435c"));
		r.rectangle(490 + open, 440, 300, 12, rgb("#27435c"));
		r.circle(820, 320, 9, phase < 0.5 ? rgb("#ff9d2e") : rgb("#3ddc84"));
	},
};

const parking: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#59606b"), to: rgb("#3d434d") });
		r.rectangle(0, 64, 1280, 70, { from: rgb("#5c9a57"), to: rgb("#467d45") });
		for (let x = 60; x <= 1240; x += 196)
			r.polygon(
				[
					[x, 140],
					[x + 8, 140],
					[x - 8, 360],
					[x - 18, 360],
				],
				rgb("#f1f1ea"),
			);
		r.rectangle(0, 368, 1280, 6, rgb("#f1f1ea"), 0.35);
		for (let x = 20; x < 1280; x += 150) r.rectangle(x, 534, 86, 9, rgb("#ffd54a"));
		const colours = ["#c8474b", "#e9edf0", "#2f6fb3", "", "#f0b63a", "#5d6d7e"];
		colours.forEach((colour, index) => {
			if (colour) car(r, 150 + index * 196, 330, 160, rgb(colour));
		});
	},
	moving(r, phase) {
		car(r, -180 + phase * 1640, 500, 260, rgb("#ff7a45"));
		person(r, 1260 - phase * 1240, 660, 130, rgb("#ffe07a"), phase * 6);
	},
};

const pool: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 200, { from: rgb("#ffcf8a"), to: rgb("#ffe9c7") });
		for (let x = -20; x < 1300; x += 110) r.ellipse(x, 262, 90, 54, rgb("#2f8f6b"));
		r.rectangle(0, 250, 1280, 470, { from: rgb("#efe2cc"), to: rgb("#d9c6a5") });
		r.polygon(
			[
				[190, 310],
				[1090, 310],
				[1320, 720],
				[-40, 720],
			],
			{ from: rgb("#5fd7e8"), to: rgb("#128fbf") },
		);
		for (const x of [0.25, 0.5, 0.75]) r.line([190 + 900 * x, 310], [-40 + 1360 * x, 720], 12, rgb("#0b6f9e"), 0.5);
		for (const x of [150, 330, 900]) {
			r.polygon(
				[
					[x, 278],
					[x + 110, 278],
					[x + 96, 298],
					[x - 14, 298],
				],
				rgb("#ffffff"),
			);
			r.polygon(
				[
					[x - 20, 210],
					[x + 40, 160],
					[x + 100, 210],
				],
				rgb("#ff6f61"),
			);
			r.rectangle(x + 37, 205, 6, 80, rgb("#8a6d4b"));
		}
	},
	moving(r, phase) {
		for (let wave = 0; wave < 9; wave++) {
			const y = 350 + wave * 42;
			const x = 330 + ((wave * 271) % 560) + sway(phase + wave / 9) * 60;
			r.ellipse(x, y, 70 + wave * 6, 4, rgb("#d8fbff"), 0.55);
		}
		const x = 640 + sway(phase) * 300;
		const y = 510 + Math.cos(phase * 2 * Math.PI) * 110;
		r.circle(x, y, 66, rgb("#ffffff"));
		r.circle(x, y, 56, rgb("#ff4f79"));
		r.circle(x, y, 28, rgb("#2fb4d8"));
	},
};

const street: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 420, { from: rgb("#35407a"), to: rgb("#f2917b") });
		const houses = ["#51407e", "#6d4a86", "#443a70", "#7d5488", "#5a4580", "#3d3568"];
		houses.forEach((colour, index) => {
			const height = 190 + ((index * 83) % 150);
			r.rectangle(index * 216, 480 - height, 212, height, rgb(colour));
			windows(
				r,
				{ x: index * 216 + 26, y: 500 - height, columns: 4, rows: Math.floor(height / 62), stepX: 44, stepY: 60 },
				{ width: 26, height: 34 },
				(column, row) => rgb((column * 7 + row * 5 + index * 3) % 4 === 0 ? "#ffd98a" : "#2e2755"),
			);
		});
		r.rectangle(0, 480, 1280, 36, rgb("#8a7f95"));
		r.rectangle(0, 516, 1280, 204, { from: rgb("#3a3850"), to: rgb("#2a2940") });
		for (let x = 10; x < 1280; x += 130) r.rectangle(x, 604, 70, 8, rgb("#efe6d2"));
		for (const x of [330, 920]) {
			r.rectangle(x, 250, 8, 250, rgb("#1f1d33"));
			r.circle(x + 4, 246, 18, rgb("#ffe9a8"));
			r.circle(x + 4, 246, 60, rgb("#ffe9a8"), 0.18);
		}
	},
	moving(r, phase) {
		r.rectangle(1480 - phase * 1900, 430, 380, 140, { from: rgb("#f25c54"), to: rgb("#b83a3a") });
		const busX = 1480 - phase * 1900;
		for (let seat = 0; seat < 5; seat++) r.rectangle(busX + 22 + seat * 70, 450, 56, 46, rgb("#ffeec2"));
		for (const wheel of [80, 300]) r.circle(busX + wheel, 572, 30, rgb("#17162a"));
		car(r, -200 + phase * 1680, 668, 240, rgb("#4fd1c5"));
	},
};

const garden: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 330, { from: rgb("#9fdcf5"), to: rgb("#effaf0") });
		r.ellipse(260, 430, 480, 150, rgb("#8cc96f"));
		r.ellipse(1010, 450, 560, 170, rgb("#77b85c"));
		r.rectangle(0, 430, 1280, 290, { from: rgb("#7cc05a"), to: rgb("#4d9142") });
		r.polygon(
			[
				[600, 430],
				[660, 430],
				[860, 720],
				[380, 720],
			],
			{ from: rgb("#efdcb2"), to: rgb("#d3b681") },
		);
		tree(r, 180, 500, 330, rgb("#2f8d50"));
		tree(r, 1080, 520, 380, rgb("#3aa35a"));
		for (let index = 0; index < 70; index++) {
			const x = (index * 367) % 1279;
			const y = 510 + ((index * 71) % 193);
			if (x > 380 && x < 870) continue;
			r.circle(x, y, 9, rgb(["#ff6b8b", "#ffd23f", "#ffffff", "#c77dff"][index % 4] ?? "#ffffff"));
			r.circle(x, y, 3, rgb("#7a4b12"));
		}
	},
	moving(r, phase) {
		for (const [index, colour] of ["#ff8c42", "#5f6df2", "#f7d046"].entries()) {
			const turn = phase + index / 3;
			const x = 640 + sway(turn) * (330 + index * 60);
			const y = 340 + Math.cos(turn * 4 * Math.PI) * 80 + index * 30;
			const wing = 16 + Math.abs(sway(phase, 6 + index)) * 16;
			r.ellipse(x - wing, y, wing, 24, rgb(colour));
			r.ellipse(x + wing, y, wing, 24, rgb(colour));
			r.rectangle(x - 4, y - 24, 8, 48, rgb("#32281e"));
		}
	},
};

const playground: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 380, { from: rgb("#54b5f0"), to: rgb("#c9ecff") });
		cloud(r, 250, 180, 120);
		cloud(r, 760, 230, 90);
		r.rectangle(0, 430, 1280, 290, { from: rgb("#f7c98b"), to: rgb("#e6a75e") });
		r.rectangle(0, 410, 1280, 30, rgb("#5faa58"));
		for (const [left, right] of [
			[360, 300],
			[780, 840],
		] as const)
			r.line([left, 250], [right, 620], 18, rgb("#e5484d"));
		for (const [left, right] of [
			[360, 420],
			[780, 720],
		] as const)
			r.line([left, 250], [right, 620], 18, rgb("#c23a40"));
		r.rectangle(345, 240, 450, 18, rgb("#e5484d"));
		r.polygon(
			[
				[960, 300],
				[1010, 300],
				[1210, 620],
				[1150, 620],
			],
			{ from: rgb("#ffd23f"), to: rgb("#f0a500") },
		);
		for (const x of [930, 985]) r.rectangle(x, 290, 14, 330, rgb("#3c6ff0"));
		for (let y = 340; y < 610; y += 48) r.rectangle(930, y, 68, 10, rgb("#3c6ff0"));
	},
	moving(r, phase) {
		for (const [index, x] of [490, 650].entries()) {
			const angle = sway(phase + index / 2) * 0.75;
			const seatX = x + Math.sin(angle) * 270;
			const seatY = 258 + Math.cos(angle) * 270;
			for (const side of [-26, 26]) r.line([x + side, 255], [seatX + side, seatY], 5, rgb("#41454d"));
			r.rectangle(seatX - 40, seatY, 80, 14, rgb("#3a3f47"));
			r.rectangle(seatX - 22, seatY - 62, 44, 62, rgb(index === 0 ? "#6c4ff0" : "#12a594"));
			r.circle(seatX, seatY - 84, 25, rgb("#e8b48f"));
		}
	},
};

const rooftop: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 656, { from: rgb("#0a1030"), to: rgb("#2c2a63") });
		for (let star = 0; star < 90; star++) {
			const bright = 0.35 + ((star * 37) % 60) / 100;
			r.circle((star * 337) % 1280, 76 + ((star * 151) % 330), 1.5 + (star % 3), rgb("#ffffff"), bright);
		}
		r.circle(880, 200, 62, rgb("#fff6d5"));
		r.circle(852, 188, 56, rgb("#101640"));
		for (let block = 0; block < 14; block++) {
			const height = 90 + ((block * 67) % 170);
			r.rectangle(block * 94, 560 - height, 90, height, rgb(block % 2 ? "#191a44" : "#14153a"));
			windows(
				r,
				{ x: block * 94 + 14, y: 575 - height, columns: 3, rows: Math.floor(height / 34), stepX: 24, stepY: 30 },
				{ width: 12, height: 15 },
				(column, row) => rgb((column * 3 + row * 5 + block) % 3 === 0 ? "#ffcf70" : "#232559"),
			);
		}
		r.rectangle(0, 548, 1280, 172, { from: rgb("#3b3c55"), to: rgb("#26273c") });
		r.rectangle(0, 540, 1280, 16, rgb("#55567a"));
		r.rectangle(980, 430, 170, 140, { from: rgb("#6d6f8f"), to: rgb("#47486a") });
	},
	moving(r, phase) {
		r.circle(1065, 500, 54, rgb("#22233d"));
		for (let blade = 0; blade < 4; blade++) {
			const angle = (phase * 3 + blade / 4) * 2 * Math.PI;
			r.line([1065, 500], [1065 + Math.cos(angle) * 48, 500 + Math.sin(angle) * 48], 20, rgb("#b9bce0"));
		}
		const x = -60 + phase * 1400;
		r.circle(x, 300 - phase * 90, 7, rgb("#ff5a5a"));
		r.circle(x - 46, 304 - phase * 90, 6, rgb("#ffffff"), Math.floor(phase * 12) % 2 ? 1 : 0.25);
		r.polygon(
			[
				[640, 548],
				[600 + sway(phase) * 330, 64],
				[700 + sway(phase) * 330, 64],
			],
			rgb("#aab8ff"),
			0.16,
		);
	},
};

const harbour: Scene = {
	background(r) {
		r.rectangle(0, 64, 1280, 300, { from: rgb("#ff9e6d"), to: rgb("#ffe3b0") });
		r.circle(520, 340, 90, rgb("#fff3c4"));
		r.rectangle(0, 340, 1280, 380, { from: rgb("#f0a878"), to: rgb("#14566e") });
		r.rectangle(0, 390, 1280, 330, { from: rgb("#2b86a0"), to: rgb("#0d3f57") });
		r.polygon(
			[
				[900, 372],
				[1280, 300],
				[1280, 400],
				[860, 400],
			],
			rgb("#3f5566"),
		);
		r.rectangle(1010, 180, 46, 190, { from: rgb("#ffffff"), to: rgb("#d9dee2") });
		for (const y of [220, 290]) r.rectangle(1010, y, 46, 34, rgb("#e5484d"));
		r.polygon(
			[
				[1002, 182],
				[1064, 182],
				[1033, 140],
			],
			rgb("#7a2530"),
		);
		r.polygon(
			[
				[0, 640],
				[1280, 600],
				[1280, 720],
				[0, 720],
			],
			{ from: rgb("#8b6b4d"), to: rgb("#5c4632") },
		);
		for (let x = 60; x < 1280; x += 220) r.rectangle(x, 570, 34, 110, rgb("#4a3827"));
	},
	moving(r, phase) {
		for (let wave = 0; wave < 10; wave++)
			r.ellipse(((wave * 233) % 1280) + sway(phase + wave / 10) * 70, 410 + wave * 20, 80, 3, rgb("#bfeaf0"), 0.5);
		const x = -160 + phase * 1600;
		const y = 500 + sway(phase, 3) * 8;
		r.polygon(
			[
				[x - 150, y],
				[x + 160, y],
				[x + 110, y + 64],
				[x - 110, y + 64],
			],
			{ from: rgb("#ffffff"), to: rgb("#c9d6dd") },
		);
		r.rectangle(x - 146, y + 10, 290, 12, rgb("#1f6fb2"));
		r.line([x - 10, y], [x - 10, y - 190], 8, rgb("#5b4636"));
		r.polygon(
			[
				[x, y - 186],
				[x + 130, y - 20],
				[x, y - 20],
			],
			rgb("#fff8ec"),
		);
		r.polygon(
			[
				[x - 20, y - 170],
				[x - 110, y - 20],
				[x - 20, y - 20],
			],
			rgb("#f25c54"),
		);
	},
};

export const OUTDOOR = { gate, parking, pool, street, garden, playground, rooftop, harbour } as const;
