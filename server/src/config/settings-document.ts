/** What a person put into a YAML file beside its values, and what stays of it when a program changes them. @module */
import { type Document, isMap, isNode, isScalar, type Scalar, visit, type YAMLSeq } from "yaml";

/**
 * The parser gives a list the comment above its first entry: it goes where that entry goes. What an empty line parts
 * from the entry is about the list, and stays.
 */
export function giveFirstItsComment(list: YAMLSeq): void {
	const [first] = list.items;
	const comment = list.commentBefore ?? "";
	const own = comment.slice(comment.lastIndexOf("\n\n") + 1).replace(/^\n/, "");
	if (!isMap(first) || own === "" || comment.endsWith("\n")) return;
	const rest = comment.slice(0, comment.length - own.length);
	list.commentBefore = rest === "" ? null : rest.replace(/\n\n$/, "\n");
	first.commentBefore = [own, ...(first.commentBefore ? [first.commentBefore] : [])].join("\n");
}

/** The comments beside and above a value go to the one that takes its place. */
export function keepComments(before: unknown, value: Scalar): void {
	if (!isNode(before)) return;
	const { comment, commentBefore, spaceBefore } = before;
	if (comment) value.comment = comment;
	if (commentBefore) value.commentBefore = commentBefore;
	if (spaceBefore === true) value.spaceBefore = true;
}

/** Puts values in the place of the aliases (`*name`) that stand for them. */
export function writeOutAliases(document: Document): void {
	visit(document, {
		Alias(_key, alias) {
			const target = alias.resolve(document);
			if (!isScalar(target)) return undefined;
			const value = target.clone() as Scalar;
			delete value.anchor;
			value.comment = null;
			value.commentBefore = null;
			keepComments(alias, value);
			return value;
		},
	});
}

/** A text with the line endings and the byte order mark of another. */
export function likeBefore(before: string, text: string): string {
	const lines = /\r?\n/.exec(before)?.[0] === "\r\n" ? text.replace(/\r?\n/g, "\r\n") : text;
	return before.startsWith("\ufeff") ? `\ufeff${lines}` : lines;
}
