/** The nearest right name to a mistyped one. @module */

/** Letters that may be wrong, missing, superfluous or swapped in a mistyped name. */
const MAX_DISTANCE = 2;

/** Edits between two words, a swap of neighbours counting as one (Damerau, optimal string alignment). */
function editDistance(a: string, b: string): number {
	const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, index) => index)];
	const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		rows.push(row);
		for (let j = 1; j <= b.length; j++) {
			const same = a[i - 1] === b[j - 1];
			const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
			row.push(
				Math.min(
					at(i - 1, j) + 1,
					at(i, j - 1) + 1,
					at(i - 1, j - 1) + (same ? 0 : 1),
					swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
				),
			);
		}
	}
	return at(a.length, b.length);
}

/** The one of `names` that `name` was most likely meant to be; `undefined` where none is near. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
	let best: { readonly name: string; readonly distance: number } | undefined;
	for (const candidate of names) {
		if (Math.abs(candidate.length - name.length) > MAX_DISTANCE) continue;
		const distance = editDistance(name, candidate);
		if (distance <= MAX_DISTANCE && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
			best = { name: candidate, distance };
		}
	}
	return best?.name;
}
