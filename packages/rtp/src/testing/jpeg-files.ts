/** A small JPEG file as a camera's encoder makes it. @module */
import { decodeBase64 } from "../base64.ts";

/** 48x32 pixels, 4:2:0, one quantization table, standard Huffman tables: made with FFmpeg's test source. */
export const TINY_JPEG: Uint8Array = decode(
	"/9j/4AAQSkZJRgABAgAAAQABAAD/2wBDAAgUFBcUFxsbGxsbGyAeICEhISAgICAhISEkJCQqKiokJCQhISQkKCgqKi4vLisrKisvLzIyMjw8OT" +
		"lGRkhWVmf/xAGiAAABBQEBAQEBAQAAAAAAAAAAAQIDBAUGBwgJCgsBAAMBAQEBAQEBAQEAAAAAAAABAgMEBQYHCAkKCxAAAgEDAwIEAwUFBAQA" +
		"AAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaG" +
		"lqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6" +
		"EQACAQIEBAMEBwUEBAABAncAAQIDEQQFITEGEkFRB2FxEyIygQgUQpGhscEJIzNS8BVictEKFiQ04SXxFxgZGiYnKCkqNTY3ODk6Q0RFRkdISU" +
		"pTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqCg4SFhoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2dri4+Tl" +
		"5ufo6ery8/T19vf4+fr/wAARCAAgADADASIAAhEAAxEA/9oADAMBAAIRAxEAPwDxW0UtPGB1JIH1INezywiBI1HU5LH1PH6DtXD6DGr3UjMMmO" +
		"FmXrw29Fz7/KxHPrXpN7/B/wAC/pXuYOnF1Od6vZeWly8Pi6n1/C4VaQvUqy/vP2Ukk/KPLdefoeQ3X+ub8P5Cvp+6/wBS34fzFfMF1/rm/D+Q" +
		"r6fuv9S34fzFeHxR/wAy/wD7if8AuIjFf8xv/cX/ANuPLLiV4WjKnHXI7Hp1Fe0WMiy20br0Of8A0I14Ze/wf8C/pXU+HJGLXseflVoWA44Z1I" +
		"Y568hV/KvAwc5cnJfTV/O//BLw2Gpf2bhcRy2qfvKba+1F1JvXvbl07anl3h9lW5lBIBaAhQT1PmRnA9TgE/QV6Le/wf8AAv6VyNjqkCMqlZM/" +
		"Re3/AAKvRJr2KRVZdxDZ9MgjseevNevRxuIp1OSGFlUer0ml5dhywroYyjiqLeI5eanGEVbmlyTdubW2jvt0PC7r/XN+H8hX0/df6lvw/mK8oO" +
		"pwxMVKyZHoF/8Aiq3L7T5XVmDJj6nv/wABr0MzjHGrCfWpfUeTn5ef3+e/Je1rWtZfefOVMRXqSxKnhpU1Ln5m5X5L3vfTW36HOXv8H/Av6V0v" +
		"htW8y9bB2kwAHHBIVsgH1GRn6ivP0tJYWRThi3QLnt9QK7waPcSqGDRYPqW/+IrmhhaNGHNSxEa9tNI28+7PvMJ7B4DD4eVeEbc84y/mXPK75e" +
		"iUpWv5H//Z",
);

function decode(text: string): Uint8Array {
	const bytes = decodeBase64(text);
	if (bytes === undefined) throw new Error("broken fixture");
	return bytes;
}
