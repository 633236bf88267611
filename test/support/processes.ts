/** The processes that a process has started. @module */
import { readdirSync, readFileSync } from "node:fs";

/** Children of this process whose program has this name, the first 15 characters of it: proc(5). */
export function childrenOf(pid: number, program: string): number[] {
	return readdirSync("/proc")
		.filter((name) => /^\d+$/.test(name))
		.map(Number)
		.filter((child) => {
			const { parent, name, state } = statOf(child);
			return parent === pid && name === program.slice(0, 15) && state !== "Z";
		});
}

function statOf(pid: number): { readonly name?: string; readonly state?: string; readonly parent?: number } {
	try {
		// The name may hold spaces and parentheses, so fields are counted after its closing one.
		const [, name, state, parent] = /^\d+ \((.*)\) (\w) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
		return { ...(name !== undefined && { name }), ...(state !== undefined && { state }), parent: Number(parent) };
	} catch {
		// It ended meanwhile.
		return {};
	}
}
