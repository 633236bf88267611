/** One TCP address behind which one server can take another's place: a camera that comes back changed. @module */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export class PortSwitch implements AsyncDisposable {
	readonly #server = createServer((socket) => this.#lead(socket));
	readonly #sockets = new Set<Socket>();
	#target: number;

	private constructor(target: number) {
		this.#target = target;
	}

	/** @param target port on this machine. */
	static async open(target: number): Promise<PortSwitch> {
		const made = new PortSwitch(target);
		made.#server.listen(0, "127.0.0.1");
		await once(made.#server, "listening");
		return made;
	}

	get port(): number {
		return (this.#server.address() as AddressInfo).port;
	}

	/** Breaks all connections; new ones lead to another port. */
	lead(target: number): void {
		this.#target = target;
		for (const socket of this.#sockets) socket.destroy();
	}

	#lead(socket: Socket): void {
		const other = connect(this.#target, "127.0.0.1");
		for (const [end, opposite] of [[socket, other] as const, [other, socket] as const]) {
			this.#sockets.add(end);
			end.pipe(opposite);
			end.on("error", () => end.destroy());
			end.on("close", () => {
				this.#sockets.delete(end);
				opposite.destroy();
			});
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
		await once(this.#server, "close");
	}
}
