import { describe, expect, it } from "vitest";
import { TransportChoice } from "./transport-choice.ts";

describe("the choice of a transport", () => {
	it("S29: auto goes from TCP to UDP to the HTTP tunnel, each once a session (quirk 74)", () => {
		const choice = new TransportChoice("auto", "rtsp");
		expect(choice.current).toBe("tcp");
		expect(choice.next(["tcp"])).toBe("udp");
		expect(choice.next(["tcp", "udp"])).toBe("http");
		expect(choice.next(["tcp", "udp", "http"])).toBeUndefined();
	});

	it("leaves plain UDP out where the address asks for TLS", () => {
		const choice = new TransportChoice("auto", "rtsps");
		expect([choice.current, choice.next(["tcp"]), choice.next(["tcp", "http"])]).toEqual(["tcp", "http", undefined]);
	});

	it("begins with what gave video, and tries the others in their order when that fails", () => {
		const choice = new TransportChoice("auto", "rtsp");
		choice.noteVideo("udp");
		expect(choice.current).toBe("udp");
		expect(choice.next(["udp"])).toBe("tcp");
		expect(choice.next(["udp", "tcp"])).toBe("http");
	});

	it("begins with the next one after a session that was accepted and brought nothing, and comes round", () => {
		const choice = new TransportChoice("auto", "rtsp");
		const begun = [0, 1, 2, 3].map(() => {
			const transport = choice.current;
			choice.noteSilence(transport);
			return transport;
		});
		expect(begun).toEqual(["tcp", "udp", "http", "tcp"]);
	});

	it("stays with TCP once it gave video, whatever helped out in between", () => {
		const choice = new TransportChoice("auto", "rtsp");
		choice.noteVideo("tcp");
		choice.noteVideo("udp");
		choice.noteSilence("tcp");
		expect(choice.current).toBe("tcp");
	});

	it("comes back to TCP when it gave video after all", () => {
		const choice = new TransportChoice("auto", "rtsp");
		choice.noteVideo("udp");
		choice.noteVideo("tcp");
		expect(choice.current).toBe("tcp");
	});

	it("tries a transport that was silent once more after another gave video: its camera may have been starting", () => {
		const choice = new TransportChoice("auto", "rtsp");
		choice.noteSilence("tcp");
		expect(choice.current).toBe("udp");
		choice.noteVideo("udp");
		expect(choice.current).toBe("tcp");
		choice.noteSilence("tcp");
		expect(choice.current).toBe("udp");
		choice.noteVideo("udp");
		expect(choice.current).toBe("udp");
	});

	it("is not moved by the silence of a transport that it has left already", () => {
		const choice = new TransportChoice("auto", "rtsp");
		choice.noteVideo("udp");
		choice.noteSilence("tcp");
		expect(choice.current).toBe("udp");
	});

	it.each(["tcp", "udp", "http"] as const)("a forced %s never moves on", (wanted) => {
		const choice = new TransportChoice(wanted, "rtsp");
		expect(choice.next([wanted])).toBeUndefined();
		choice.noteSilence(wanted);
		expect(choice.current).toBe(wanted);
	});
});
