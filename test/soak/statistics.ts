/** Figures of a series. @module */

export interface Trend {
	/** Change of the value per unit of the abscissa. */
	readonly slope: number;
	readonly standardError: number;
}

/**
 * Least squares. The residuals of memory use depend on those before them, so their number counts as fewer, by their
 * correlation at lag one: otherwise the error would look several times smaller than it is.
 * @returns `undefined` with fewer than three points.
 */
export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend | undefined {
	const count = points.length;
	if (count < 3) return undefined;
	const meanX = points.reduce((sum, [x]) => sum + x, 0) / count;
	const meanY = points.reduce((sum, [, y]) => sum + y, 0) / count;
	const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
	if (spread === 0) return undefined;
	const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
	const residuals = points.map(([x, y]) => y - meanY - slope * (x - meanX));
	const square = residuals.reduce((sum, residual) => sum + residual ** 2, 0);
	const lagged = residuals.slice(1).reduce((sum, residual, at) => sum + residual * (residuals[at] ?? 0), 0);
	const correlation = square === 0 ? 0 : Math.max(0, Math.min(0.99, lagged / square));
	const independent = (count * (1 - correlation)) / (1 + correlation);
	const freedom = Math.max(1, independent - 2);
	return { slope, standardError: Math.sqrt(square / (freedom * spread)) };
}
