/** How a picture comes, and why not better, in one line. @module */
import type { Translate } from "../i18n/index.ts";
import type { Carrier } from "../player/ladder.ts";
import type { TileView } from "../wall/wall-tile.ts";

/** For example `MSE over WebSocket: the network lets no UDP through for WebRTC`. */
export function rungLine(view: TileView, carrier: Carrier, t: Translate): string {
	const way = view.rung === "mse" ? t(`rung.mse.${carrier}`) : t(`rung.${view.rung}`);
	const rung = view.route === "transcode" ? `${way}, ${t("rung.transcoded")}` : way;
	const why = rungReason(view, t);
	return why === undefined ? rung : t("rung.because", { rung, why });
}

/** Why there is not even a still, where somebody can do something about it; else as {@link rungReason}. */
export function stillReason(view: TileView, t: Translate): string | undefined {
	return view.stillProblem === "ffmpeg-missing" ? t("reason.ffmpeg-missing") : rungReason(view, t);
}

/** Why a picture comes no better; `undefined` where nothing better is possible. */
export function rungReason({ rungReason: reason, refusal }: TileView, t: Translate): string | undefined {
	switch (reason) {
		case "best":
			return undefined;
		case "refused":
			return t(`reason.${refusal ?? "internal-error"}`);
		default:
			return t(`why.${reason}`);
	}
}
