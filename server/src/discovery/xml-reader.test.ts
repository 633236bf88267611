import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	elementsNamed,
	escapeXml,
	findElement,
	MAX_XML_ATTRIBUTES,
	MAX_XML_DEPTH,
	MAX_XML_ELEMENTS,
	readXml,
	textAt,
	type XmlElement,
} from "./xml-reader.ts";

describe("a document", () => {
	test("is read by local names, with attributes and text", () => {
		const root = readXml(
			'\ufeff<?xml version="1.0"?>\n<!-- hello --><s:Envelope xmlns:s="urn:s" a:token=\'7\' b = "x &lt; y">\n <t:Name> Puerta </t:Name><t:Name/><t:Empty a="1"/></s:Envelope>\0\0junk',
		);
		expect(root?.name).toBe("Envelope");
		expect(Object.fromEntries(root?.attributes ?? [])).toEqual({ token: "7", b: "x < y" });
		expect(textAt(root, "Name")).toBe("Puerta");
		expect(elementsNamed(root, "Name")).toHaveLength(2);
		expect(findElement(root, "Empty")?.attributes.get("a")).toBe("1");
		expect(findElement(root, "Name", "None")).toBeUndefined();
	});

	test("has references decoded, once, and CDATA as it is", () => {
		const text = "<a>&amp;lt; &#209;&#xf1; &#x1F600; &#0;&#xD800;&#9999999;<![CDATA[<b>&amp;]]></a>";
		expect(readXml(text)?.text).toBe("&lt; Ññ 😀 \ufffd\ufffd\ufffd<b>&amp;");
	});

	test("keeps an ampersand that begins no reference, as devices write it in addresses", () => {
		expect(readXml("<Uri>rtsp://h/cam?channel=1&subtype=0&unknown;</Uri>")?.text).toBe(
			"rtsp://h/cam?channel=1&subtype=0&unknown;",
		);
	});
});

describe("what is no well-formed document is refused", () => {
	test.each([
		["nothing", ""],
		["text", "hello"],
		["text before the root", "hello <a/>"],
		["an element that is never closed", "<a><b></b>"],
		["end tags in the wrong order", "<a><b></a></b>"],
		["an end tag of another prefix", "<s:a></t:a>"],
		["an attribute without quotes", "<a b=c/>"],
		["an attribute that is never closed", '<a b="c/>'],
		["a comment that is never closed", "<a><!-- </a>"],
		["CDATA outside the root", "<![CDATA[x]]><a/>"],
		["a document type", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'],
		["an external entity", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'],
		["a tag without a name", "<a>< b/></a>"],
	])("%s", (_what, text) => {
		expect(readXml(text)).toBeUndefined();
	});
});

describe("bounds", () => {
	const nested = (depth: number): string => "<a>".repeat(depth) + "</a>".repeat(depth);

	test("of depth", () => {
		expect(readXml(nested(MAX_XML_DEPTH))).toBeDefined();
		expect(readXml(nested(MAX_XML_DEPTH + 1))).toBeUndefined();
		expect(readXml("<a>".repeat(1_000_000))).toBeUndefined();
	});

	test("of elements", () => {
		expect(readXml(`<a>${"<b/>".repeat(MAX_XML_ELEMENTS - 1)}</a>`)?.children.length).toBe(MAX_XML_ELEMENTS - 1);
		expect(readXml(`<a>${"<b/>".repeat(MAX_XML_ELEMENTS)}</a>`)).toBeUndefined();
	});

	test("of attributes", () => {
		const attributes = (count: number): string => Array.from({ length: count }, (_, at) => ` a${at}="1"`).join("");
		expect(readXml(`<a${attributes(MAX_XML_ATTRIBUTES)}/>`)).toBeDefined();
		expect(readXml(`<a${attributes(MAX_XML_ATTRIBUTES + 1)}/>`)).toBeUndefined();
	});
});

describe("for any input", () => {
	const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,7}$/);
	const { tree } = fc.letrec<{ tree: XmlElement }>((tie) => ({
		tree: fc.record({
			name,
			attributes: fc
				.dictionary(
					name.filter((key) => key !== "xmlns"),
					fc.string(),
				)
				.map((values) => new Map(Object.entries(values))),
			children: fc.oneof(
				{ maxDepth: 4, withCrossShrink: true },
				fc.constant<XmlElement[]>([]),
				fc.array(tie("tree"), { maxLength: 4 }),
			),
			text: fc.string({ unit: "grapheme" }).map((text) => text.trim()),
		}),
	}));

	function write({ name: tag, attributes, children, text }: XmlElement): string {
		const written = [...attributes].map(([key, value]) => ` p:${key}="${escapeXml(value)}"`).join("");
		return `<p:${tag}${written}>${escapeXml(text)}${children.map(write).join("")}</p:${tag}>`;
	}

	test("what is written is read again", () => {
		fc.assert(
			fc.property(tree, (element) => {
				expect(readXml(write(element))).toEqual(element);
			}),
		);
	});

	test("a damaged document gives an element or nothing, and never throws", () => {
		const damage = fc.record({
			at: fc.nat(),
			remove: fc.nat({ max: 3 }),
			insert: fc.constantFrom("<", ">", "/", '"', "&", "]]>", "<!", "x"),
		});
		fc.assert(
			fc.property(tree, fc.array(damage, { maxLength: 4 }), (element, damages) => {
				let text = write(element);
				for (const { at, remove, insert } of damages) {
					const start = at % (text.length + 1);
					text = text.slice(0, start) + insert + text.slice(start + remove);
				}
				const read = readXml(text);
				expect(read === undefined || typeof read.name === "string").toBe(true);
			}),
		);
	});

	test("text of the signs that mean something never throws", () => {
		const piece = fc.constantFrom(
			"<",
			"</",
			"/>",
			">",
			"a",
			" ",
			"=",
			'"',
			"'",
			"&",
			"&#",
			";",
			"<!--",
			"-->",
			"<?",
			"?>",
			"<![CDATA[",
			"]]>",
			"\0",
		);
		fc.assert(
			fc.property(fc.array(piece), (pieces) => {
				readXml(pieces.join(""));
				readXml(`<a>${pieces.join("")}</a>`);
			}),
		);
	});
});
