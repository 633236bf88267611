/** One camera's tile: what the server says of it, what arrives here, and the state that follows. @module */
import type { CameraStatus, PictureRoute, ReasonCode, Rung, StreamName } from "@vigia/api";
import type { Clock } from "../clock.ts";
import type { Feed, FeedFault } from "../player/feed.ts";
import type { FeedFacts, RungReason, TileFacts, TileWant } from "../player/ladder.ts";
import { type SlotFacts, SlotWatch } from "../player/slot-watch.ts";
import { StateHistory } from "../player/state-history.ts";
import {
	frozenAfterMs,
	isDown,
	isKnown,
	isSilent,
	type ServerFacts,
	TileMachine,
	type TileState,
} from "../player/tile-machine.ts";
import { type LayerRole, TilePicture } from "../player/tile-picture.ts";
import type { VideoLayer } from "../player/video-layer.ts";
import { gridStream } from "./slots.ts";

/** What a tile shows around its picture. */
export interface TileView {
	readonly name: string;
	readonly state: TileState;
	/** The stream in sight. */
	readonly stream: StreamName;
	/** Width divided by height of the grid's picture. */
	readonly aspect: number;
	/** Size of the picture in sight; zero before the first. */
	readonly width: number;
	readonly height: number;
	/** Main was asked for and has not painted yet. */
	readonly mainComing: boolean;
	/** Main was asked for and cannot be had: why. */
	readonly mainRefused: ReasonCode | undefined;
	/** How the picture in sight comes, and why not better. */
	readonly rung: Rung;
	readonly rungReason: RungReason;
	/** The server's word for `refused`. */
	readonly refusal: ReasonCode | undefined;
	/** Why no still came, where one is wanted and there is none. */
	readonly stillProblem: string | undefined;
	/** How the server comes by this picture. */
	readonly route: PictureRoute;
	/** The camera has sound. */
	readonly hasSound: boolean;
}

/** While the last picture is younger than this, in milliseconds, the server's count of them is not of an outage. */
const FRESH_MS = 1000;
/** The shape of a picture that is not known yet. */
const USUAL_ASPECT = 16 / 9;

export interface WallTileOptions {
	readonly clock: Clock;
	/** The picture changed: something is to be judged before the next tick. */
	readonly onPicture: () => void;
	readonly onFault: (feed: Feed, fault: FeedFault) => void;
	readonly onBlocked: () => void;
}

/** Of a picture that has no layer yet. */
const NOTHING: SlotFacts = new SlotWatch();
/** Before the ladder has said anything. */
const FIRST_WANT: TileWant = { shown: "webrtc", preparing: undefined, reason: "best", refusal: undefined };

/** Lives as long as the server names the camera. */
export class WallTile {
	readonly picture: TilePicture;
	readonly history = new StateHistory();
	/** Feeds that gave up. */
	readonly #faults = new WeakMap<Feed, FeedFault>();
	readonly #routes = new Map<StreamName, PictureRoute>();
	#wants: Readonly<Record<LayerRole, TileWant>> = { grid: FIRST_WANT, main: FIRST_WANT };
	readonly #machine = new TileMachine();
	readonly #clock: Clock;
	#status: CameraStatus;
	#statusMs: number;
	/** Pictures per second of each stream when they last came. */
	readonly #fps: Partial<Record<StreamName, number>> = {};
	#mainWanted = false;
	#mainWasShown = false;
	#visibleSinceMs: number | undefined;
	#view: TileView;

	constructor(status: CameraStatus, options: WallTileOptions) {
		this.#clock = options.clock;
		this.#status = status;
		this.#statusMs = options.clock.nowMs();
		this.#machine.expect(this.#statusMs);
		this.picture = new TilePicture({
			nowMs: () => options.clock.nowMs(),
			onPaint: () => {
				if (this.#machine.state.kind !== "live") options.onPicture();
			},
			onChange: options.onPicture,
			onFault: (feed, fault, detail) => {
				console.warn(`Vigía: ${status.id} cannot go on over ${feed.rung} (${fault}): ${detail}`);
				this.#faults.set(feed, fault);
				options.onFault(feed, fault);
			},
			onBlocked: options.onBlocked,
		});
		this.#view = this.#makeView(this.#machine.state);
	}

	get status(): CameraStatus {
		return this.#status;
	}

	get view(): TileView {
		return this.#view;
	}

	/** Takes the server's word. */
	report(status: CameraStatus): void {
		this.#status = status;
		this.#statusMs = this.#clock.nowMs();
		for (const name of ["sub", "main"] as const) {
			const { fps, lastVideoMs } = status.streams[name] ?? {};
			if (fps !== undefined && (lastVideoMs ?? Infinity) < FRESH_MS) this.#fps[name] = fps;
		}
	}

	/**
	 * From now on only new pictures are live. What is live goes on being so until its picture is too old, unless
	 * `stopped` says that nobody watched over it in between.
	 */
	expect(stopped: boolean): void {
		if (stopped || this.#machine.state.kind !== "live") this.#machine.expect(this.#clock.nowMs());
	}

	/** Whether main is asked for; when not, it is dropped at once. */
	wantMain(wanted: boolean): void {
		if (wanted === this.#mainWanted) return;
		this.#mainWanted = wanted;
		if (!wanted) this.picture.dropMain();
	}

	/** Takes the ladder's word for one of its pictures. */
	follow(role: LayerRole, want: TileWant): void {
		const before = this.#wants[role];
		if (before.preparing !== undefined && want.preparing === undefined && want.shown !== before.preparing) {
			this.picture.dropNext(role);
		}
		this.#wants = { ...this.#wants, [role]: want };
	}

	/** The ladder's word for the picture in sight. */
	get wantInSight(): TileWant {
		return this.#wants[this.picture.mainShown ? "main" : "grid"];
	}

	/** How the server comes by the pictures of a stream: it says so when they begin. */
	noteRoute(stream: StreamName, route: PictureRoute): void {
		this.#routes.set(stream, route);
	}

	/** The stream of a role. */
	streamOf(role: LayerRole): StreamName {
		return role === "main" ? "main" : gridStream(this.#status);
	}

	/** The server has video of this stream now. */
	isServerLive(role: LayerRole, linked: boolean): boolean {
		const facts = this.facts(this.streamOf(role), linked);
		return isKnown(facts) && facts.state === "live" && !isSilent(facts);
	}

	/** What the ladder judges one of the pictures by. */
	ladderFacts(role: LayerRole, linked: boolean): TileFacts {
		const stream = this.streamOf(role);
		const { codec, bFrames } = this.#status.streams[stream] ?? {};
		const { shown, preparing } = this.#wants[role];
		const { state } = this.#view;
		const inSight = this.#visibleSinceMs !== undefined && this.picture.mainShown === (role === "main");
		return {
			codec,
			bFrames,
			fps: this.#fps[this.#origin(stream)],
			serverLive: this.isServerLive(role, linked),
			watched: this.#visibleSinceMs !== undefined,
			frozen: inSight && state.kind === "frozen" && !state.moves ? state.fault : undefined,
			shown: this.#feedFacts(role, shown),
			preparing: preparing && this.#feedFacts(role, preparing, this.picture.next(role)),
		};
	}

	/** @param next comes before a layer on the same rung that is in sight, or behind a still, from earlier on. */
	#feedFacts(role: LayerRole, rung: Rung, next?: VideoLayer): FeedFacts | undefined {
		if (rung === "still") {
			const { stillWatch: watch } = this.picture;
			return watch && { rung, watch, fault: undefined, decodedFps: undefined };
		}
		const layer = next?.feed.rung === rung ? next : this.picture.layerOn(role, rung);
		if (!layer) return undefined;
		const { watch } = layer;
		return {
			rung,
			// What a track still shows of another camera is no picture of this one.
			watch: layer.isReady ? watch : { ...factsOf(watch), lastPaintMs: undefined },
			fault: this.#faults.get(layer.feed),
			decodedFps: layer.meter.rates?.decodedFps,
		};
	}

	/** Whether the tile can be seen: what is covered is not painted. */
	setVisible(visible: boolean): void {
		this.#visibleSinceMs = visible ? (this.#visibleSinceMs ?? this.#clock.nowMs()) : undefined;
	}

	/**
	 * The stream that the pictures come from which are asked for by a name: where the browser does not play the camera's
	 * main stream, the server sends the sub stream in its place, or the other way round. Over HLS nothing tells; but of a
	 * stream that the server does not pull there are no pictures.
	 */
	#origin(stream: StreamName): StreamName {
		const { streams } = this.#status;
		const other = stream === "main" ? "sub" : "main";
		if (!streams[other]) return stream;
		const { shown } = this.#wants[stream === gridStream(this.#status) ? "grid" : "main"];
		const isIdle = shown === "hls" && streams[stream]?.state === "idle";
		return isIdle || this.#routes.get(stream) === "other-profile" ? other : stream;
	}

	/** What the server says of the stream that is shown under a name, brought forward to now. */
	facts(name: StreamName, linked: boolean): ServerFacts {
		const stream = this.#origin(name);
		const sinceMs = this.#clock.nowMs() - this.#statusMs;
		const status = this.#status.streams[stream];
		const { reason, retryInMs } = status ?? this.#status;
		return {
			reportAgeMs: linked ? sinceMs : undefined,
			state: status?.state ?? this.#status.state,
			fps: this.#fps[stream],
			videoAgeMs: status?.lastVideoMs === undefined ? undefined : status.lastVideoMs + sinceMs,
			reason: reason?.code,
			retryInMs: retryInMs === undefined ? undefined : Math.max(0, retryInMs - sinceMs),
		};
	}

	/** Judges anew; answers whether there is something new to show. */
	update(linked: boolean, playable: boolean): boolean {
		const nowMs = this.#clock.nowMs();
		// A main stream that has stopped is no better than the grid's, which may go on.
		const mainFacts = this.facts("main", linked);
		const main = this.picture.layer("main")?.watch;
		const stopped =
			nowMs - (main?.lastFrameMs ?? 0) > frozenAfterMs(mainFacts.fps) ||
			(isKnown(mainFacts) && isDown(mainFacts.state));
		if (this.picture.mainShown && stopped) this.picture.hideMain();
		const mainShown = this.picture.mainShown;
		if (mainShown !== this.#mainWasShown) {
			// What was covered until now was not painted, and has its time from here on.
			this.#mainWasShown = mainShown;
			if (this.#visibleSinceMs !== undefined) this.#visibleSinceMs = nowMs;
		}
		const judged = this.#machine.update({
			nowMs,
			slot: this.picture.inSight?.watch ?? NOTHING,
			server: this.facts(mainShown ? "main" : gridStream(this.#status), linked),
			playable,
			visibleSinceMs: this.#visibleSinceMs,
		});
		const state = this.#orStill(judged);
		this.history.add(state, this.#wants.grid.shown, this.#clock.wallMs());
		const view = this.#makeView(state);
		const changed = !sameView(view, this.#view);
		this.#view = view;
		return changed;
	}

	close(): void {
		this.picture.close();
	}

	/**
	 * Stills never look live: they have a state of their own, unless the camera itself is to blame. Until the first one
	 * comes the last moving picture stays in sight, with its age.
	 */
	#orStill(state: TileState): TileState {
		if (this.#wants.grid.shown !== "still" || state.kind === "offline" || this.picture.mainShown) return state;
		const lastMs = state.kind === "live" ? 0 : state.ageMs;
		return { kind: "still", ageMs: this.picture.stillAgeMs ?? lastMs };
	}

	#makeView(state: TileState): TileView {
		const stream = this.picture.mainShown ? "main" : gridStream(this.#status);
		const size = this.picture.size;
		const grid = this.#status.streams[gridStream(this.#status)];
		const known = grid?.width && grid.height ? grid.width / grid.height : undefined;
		const painted = size.height > 0 ? size.width / size.height : undefined;
		const mainMissing = this.#mainWanted && stream !== "main";
		const mainRefused = mainMissing ? this.#mainProblem() : undefined;
		const want = this.wantInSight;
		return {
			rung: want.shown,
			rungReason: want.reason,
			refusal: want.refusal,
			stillProblem: state.kind === "still" && state.ageMs === undefined ? this.picture.stillProblem : undefined,
			route: this.#routes.get(stream) ?? "pass",
			hasSound: this.#status.streams[stream]?.audio !== undefined,
			name: this.#status.name,
			state,
			stream,
			aspect: Math.round((known ?? painted ?? USUAL_ASPECT) * 100) / 100,
			width: size.width,
			height: size.height,
			mainComing: mainMissing && mainRefused === undefined,
			mainRefused,
		};
	}

	#mainProblem(): ReasonCode | undefined {
		const facts = this.facts("main", true);
		const { refusal } = this.#wants.main;
		if (refusal !== undefined) return refusal;
		if (!isKnown(facts) || facts.state === "live") return undefined;
		if (facts.reason !== undefined) return facts.reason;
		return facts.state === "stalled" ? "video-stalled" : undefined;
	}
}

/** Equal as far as it is shown: ages and countdowns are shown in whole seconds. */
export function sameView(a: TileView, b: TileView): boolean {
	return (
		a.name === b.name &&
		a.stream === b.stream &&
		a.aspect === b.aspect &&
		a.width === b.width &&
		a.height === b.height &&
		a.mainComing === b.mainComing &&
		a.mainRefused === b.mainRefused &&
		a.rung === b.rung &&
		a.rungReason === b.rungReason &&
		a.refusal === b.refusal &&
		a.stillProblem === b.stillProblem &&
		a.route === b.route &&
		a.hasSound === b.hasSound &&
		sameState(a.state, b.state)
	);
}

function sameState(a: TileState, b: TileState): boolean {
	if (a.kind === "live" || b.kind === "live") return a.kind === b.kind;
	if (a.kind !== b.kind || wholeSeconds(a.ageMs) !== wholeSeconds(b.ageMs)) return false;
	if (a.kind === "offline" || b.kind === "offline") {
		return (
			a.kind === "offline" &&
			b.kind === "offline" &&
			a.reason === b.reason &&
			a.trying === b.trying &&
			wholeSeconds(a.retryInMs) === wholeSeconds(b.retryInMs)
		);
	}
	if (a.kind === "still" || b.kind === "still") return true;
	if (a.kind === "frozen" && b.kind === "frozen" && a.moves !== b.moves) return false;
	return a.fault === b.fault;
}

const wholeSeconds = (ms: number | undefined): number => (ms === undefined ? -1 : Math.floor(ms / 1000));

function factsOf({ lastPacketMs, lastFrameMs, lastPaintMs, lateMs }: SlotFacts): SlotFacts {
	return { lastPacketMs, lastFrameMs, lastPaintMs, lateMs };
}
