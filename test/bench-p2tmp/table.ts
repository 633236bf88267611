/** The benchmark's figures with their budgets. @module */

export interface Row {
	readonly what: string;
	/** Empty when the figure is told for information only. */
	readonly budget: string;
	readonly measured: string;
	/** Absent without a budget, and for what cannot be measured on this machine. */
	readonly holds?: boolean;
}

/** @param share 0.5 for the median. */
export function percentile(values: readonly number[], share: number): number {
	if (values.length === 0) return Number.NaN;
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

export function formatTable(rows: readonly Row[]): string {
	const mark = ({ holds }: Row): string => (holds === undefined ? "" : holds ? "ok" : "OVER");
	return formatColumns([
		["", "what", "budget", "measured"],
		...rows.map((row) => [mark(row), row.what, row.budget, row.measured]),
	]);
}

/** @param cells by line; the first has the headings. */
export function formatColumns(cells: readonly (readonly string[])[]): string {
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
