/** The Session field: RFC 2326 section 12.37. @module */

/** RFC 2326 section 12.37: "The default is 60 seconds". */
export const DEFAULT_SESSION_TIMEOUT_S = 60;
/** Longer promises are not believed: a day without a sign of life is no session. */
const MAX_SESSION_TIMEOUT_S = 86_400;

export interface SessionHeader {
	readonly id: string;
	/** Seconds; `undefined` when absent, zero or unreadable. */
	readonly timeoutS: number | undefined;
}

/** Tolerates blanks anywhere (`Session:  9a90de54; timeout=60`). `undefined` without an id. */
export function parseSessionHeader(value: string): SessionHeader | undefined {
	const [first = "", ...rest] = value.split(";");
	const id = first.trim();
	if (id === "") return undefined;
	let timeoutS: number | undefined;
	for (const part of rest) {
		const match = /^\s*timeout\s*=\s*"?(\d{1,9})/i.exec(part);
		if (match && Number(match[1]) > 0) timeoutS = Math.min(Number(match[1]), MAX_SESSION_TIMEOUT_S);
	}
	return { id, timeoutS };
}

/** The value for a response; a request bears the id alone. */
export function writeSessionHeader(id: string, timeoutS?: number): string {
	return timeoutS === undefined ? id : `${id};timeout=${timeoutS}`;
}
