import { createSocket } from "node:dgram";
import { once } from "node:events";
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";
import { blockUdp, UDP_BLOCK_IS_POSSIBLE } from "./udp-block.ts";

test.skipIf(!UDP_BLOCK_IS_POSSIBLE)(
	"a blocked UDP port is silent both ways, and answers when the block is lifted",
	async () => {
		const [server, client] = [createSocket("udp4"), createSocket("udp4")];
		try {
			for (const socket of [server, client]) {
				socket.bind(0, "127.0.0.1");
				await once(socket, "listening");
			}
			const [port, clientPort] = [server.address().port, client.address().port];
			const heard = { server: 0, client: 0 };
			server.on("message", () => heard.server++);
			client.on("message", () => heard.client++);
			const talk = (): void => {
				client.send("to the server", port, "127.0.0.1");
				server.send("to the client", clientPort, "127.0.0.1");
			};
			const other = createSocket("udp4");
			other.bind(0, "127.0.0.1");
			await once(other, "listening");
			let heardByOther = 0;
			other.on("message", () => heardByOther++);

			const block = await blockUdp(port);
			for (let round = 0; round < 5; round++) talk();
			// Loopback delivers in order: what comes after them proves that they were dropped.
			client.send("past the block", other.address().port, "127.0.0.1");
			await eventually("another port is heard", () => heardByOther > 0);
			expect(heard).toEqual({ server: 0, client: 0 });

			await block[Symbol.asyncDispose]();
			await eventually("both are heard again", () => {
				talk();
				return heard.server > 0 && heard.client > 0;
			});
			expect(spawnSync("nft", ["list", "tables"], { encoding: "utf8" }).stdout).not.toContain(
				`vigia_test_${process.pid}_`,
			);
			other.close();
		} finally {
			server.close();
			client.close();
		}
	},
);
