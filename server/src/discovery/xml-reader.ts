/**
 * As much of XML 1.0 as SOAP needs, from devices that are not trusted: elements by their local names, attributes, text.
 * No DTD, so no entities but the five of XML itself; everything is bounded, and what is malformed is `undefined`.
 * @module
 */

/** A recorder's profiles nest about ten deep. */
export const MAX_XML_DEPTH = 64;
/** A profile is about a hundred elements; recorders have two or three for each of up to 128 channels. */
export const MAX_XML_ELEMENTS = 100_000;
/** gSOAP declares up to a hundred namespaces in the envelope. */
export const MAX_XML_ATTRIBUTES = 256;

export interface XmlElement {
	/** Without the prefix of its namespace. */
	readonly name: string;
	/** By local name, without namespace declarations. */
	readonly attributes: ReadonlyMap<string, string>;
	readonly children: readonly XmlElement[];
	/** What stands directly in it, without blanks around it. */
	readonly text: string;
}

interface OpenElement {
	/** As written, with its prefix: the end tag must be the same. */
	readonly qualifiedName: string;
	readonly name: string;
	readonly attributes: ReadonlyMap<string, string>;
	readonly children: XmlElement[];
	text: string;
}

/** One start or end tag's beginning: XML 1.0 section 3.1. */
const TAG_NAME = /<(\/?)([^\s<>/="'&!?]+)/y;
const ATTRIBUTE = /\s+([^\s<>/="']+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const TAG_END = /\s*(\/?)>/y;
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|(amp|lt|gt|quot|apos));/g;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
/** What is skipped: where it begins and what ends it. */
const SKIPPED = [
	["<!--", "-->"],
	["<?", "?>"],
] as const;
const CDATA_START = "<![CDATA[";

/**
 * The root element; `undefined` when the text is malformed, has a document type, or exceeds a bound. What follows the
 * root is not looked at: some devices pad their answers. Never throws, takes time in proportion to the text.
 */
export function readXml(text: string): XmlElement | undefined {
	return new XmlReader(text).read();
}

class XmlReader {
	readonly #text: string;
	readonly #open: OpenElement[] = [];
	#at: number;
	#elements = 0;

	constructor(text: string) {
		this.#text = text;
		this.#at = text.startsWith("\ufeff") ? 1 : 0;
	}

	read(): XmlElement | undefined {
		for (;;) {
			const next = this.#text.indexOf("<", this.#at);
			if (next < 0 || !this.#takeText(next)) return undefined;
			const skipped = SKIPPED.find(([start]) => this.#text.startsWith(start, next));
			if (skipped) {
				if (this.#skipPast(skipped[1], next + skipped[0].length) === undefined) return undefined;
			} else if (this.#text.startsWith(CDATA_START, next)) {
				const content = this.#skipPast("]]>", next + CDATA_START.length);
				const parent = this.#open.at(-1);
				if (content === undefined || !parent) return undefined;
				parent.text += content;
			} else {
				const read = this.#takeTag(next);
				if (read !== "more") return read;
			}
		}
	}

	/** Takes what stands before a tag. Outside the root there are only blanks. */
	#takeText(end: number): boolean {
		const text = this.#text.slice(this.#at, end);
		const parent = this.#open.at(-1);
		if (parent) parent.text += decodeReferences(text);
		return parent !== undefined || text.trim() === "";
	}

	#skipPast(end: string, from: number): string | undefined {
		const found = this.#text.indexOf(end, from);
		if (found < 0) return undefined;
		this.#at = found + end.length;
		return this.#text.slice(from, found);
	}

	/** `undefined`: malformed; an element: the root, which is complete. */
	#takeTag(at: number): XmlElement | undefined | "more" {
		const tag = matchAt(TAG_NAME, this.#text, at);
		if (!tag) return undefined;
		const qualifiedName = tag[2] ?? "";
		this.#at = at + tag[0].length;
		if (tag[1] === "/") return this.#takeEnd() === "" ? this.#close(qualifiedName) : undefined;
		const attributes = this.#takeAttributes();
		const end = attributes && this.#takeEnd();
		if (end === undefined || this.#open.length >= MAX_XML_DEPTH || ++this.#elements > MAX_XML_ELEMENTS)
			return undefined;
		const name = localName(qualifiedName);
		this.#open.push({ qualifiedName, name, attributes: attributes ?? new Map(), children: [], text: "" });
		return end === "/" ? this.#close(qualifiedName) : "more";
	}

	#takeAttributes(): Map<string, string> | undefined {
		const attributes = new Map<string, string>();
		for (let count = 0; ; count++) {
			const found = matchAt(ATTRIBUTE, this.#text, this.#at);
			if (!found) return attributes;
			if (count >= MAX_XML_ATTRIBUTES) return undefined;
			this.#at += found[0].length;
			const name = found[1] ?? "";
			if (name === "xmlns" || name.startsWith("xmlns:")) continue;
			attributes.set(localName(name), decodeReferences(found[2] ?? found[3] ?? ""));
		}
	}

	/** The slash of an empty element, or nothing; `undefined` when the tag does not end here. */
	#takeEnd(): string | undefined {
		const end = matchAt(TAG_END, this.#text, this.#at);
		if (end) this.#at += end[0].length;
		return end?.[1];
	}

	#close(qualifiedName: string): XmlElement | undefined | "more" {
		const element = this.#open.pop();
		if (element?.qualifiedName !== qualifiedName) return undefined;
		const { name, attributes, children } = element;
		const complete = { name, attributes, children, text: element.text.trim() };
		const parent = this.#open.at(-1);
		if (!parent) return complete;
		parent.children.push(complete);
		return "more";
	}
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
	pattern.lastIndex = at;
	return pattern.exec(text);
}

/** `tt:Name` is `Name`. Also for the qualified names in values: `dn:NetworkVideoTransmitter`. */
export function localName(qualifiedName: string): string {
	return qualifiedName.slice(qualifiedName.lastIndexOf(":") + 1);
}

/** Some devices leave the `&` in the query of an address as it is: what is no reference stays. */
function decodeReferences(text: string): string {
	if (!text.includes("&")) return text;
	return text.replace(REFERENCE, (_reference, decimal?: string, hex?: string, name?: string) => {
		if (name !== undefined) return NAMED[name] ?? "";
		const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
		const isCharacter = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		return isCharacter ? String.fromCodePoint(code) : "\ufffd";
	});
}

/** The first element down a path of local names. */
export function findElement(element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined {
	let found = element;
	for (const name of path) found = found?.children.find((child) => child.name === name);
	return found;
}

/** The children of this name, in order. */
export function elementsNamed(element: XmlElement | undefined, name: string): readonly XmlElement[] {
	return element?.children.filter((child) => child.name === name) ?? [];
}

/** The text of the first element down a path; empty where there is none. */
export function textAt(element: XmlElement | undefined, ...path: readonly string[]): string {
	return findElement(element, ...path)?.text ?? "";
}

/** Text as the content of an element or of a quoted attribute: XML 1.0 section 2.4. */
export function escapeXml(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
