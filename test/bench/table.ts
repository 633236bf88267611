/** The benchmark's figures with their budgets. @module */

export interface Row {
	readonly what: string;
	readonly budget: string;
	readonly measured: string;
	readonly holds: boolean;
}

/** @param share 0.5 for the median. */
export function percentile(values: readonly number[], share: number): number {
	if (values.length === 0) return Number.NaN;
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export function formatTable(rows: readonly Row[]): string {
	const cells = [
		["", "what", "budget", "measured"],
		...rows.map((row) => [row.holds ? "ok" : "OVER", row.what, row.budget, row.measured]),
	];
	const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length))) ?? [];
	return cells
		.map((row) =>
			row
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}
