/** Puts a text on the clipboard. @module */

/**
 * Answers whether it worked. The clipboard's own interface is missing on plain `http://`, where most walls are; the
 * old way of selecting and copying works there.
 */
export async function copyText(text: string): Promise<boolean> {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch {
		const area = document.createElement("textarea");
		area.value = text;
		area.className = "off-screen";
		document.body.append(area);
		area.select();
		// oxlint-disable-next-line typescript/no-deprecated -- nothing else copies on plain http
		const copied = document.execCommand("copy");
		area.remove();
		return copied;
	}
}
