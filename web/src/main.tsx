/** The page's composition root: clock, language, session and views, and the events of the browser's own life. @module */
import { render } from "preact";
import { Carriers } from "./api/carrier.ts";
import { createBrowserClock } from "./clock.ts";
import { chooseLanguage, createTranslate } from "./i18n/index.ts";
import { detectCapabilities } from "./player/capabilities.ts";
import { LadderMemory } from "./player/ladder-memory.ts";
import { App } from "./ui/app.tsx";
import { Reloader } from "./ui/reload.ts";
import { WallStore } from "./ui/store.ts";
import { createFeedMakers, readProtocol } from "./wall/feed-makers.ts";
import { WallSession } from "./wall/wall-session.ts";

const language = chooseLanguage(location.search, navigator.languages);
document.documentElement.lang = language;

const clock = createBrowserClock();
const reloader = new Reloader({
	clock,
	random: Math.random,
	storage: () => sessionStorage,
	reload: () => location.reload(),
});
const store = new WallStore({ clock, translate: createTranslate(language), reloader });

// Relative to the page, so that it also works below a path of a reverse proxy.
const base = new URL(".", document.baseURI).href;
const carriers = new Carriers({
	base,
	clock,
	createWebSocket: (address) => new WebSocket(address),
	fetch: (...request) => fetch(...request),
	fillRandom: (bytes) => crypto.getRandomValues(bytes),
});

const session = new WallSession({
	clock,
	random: Math.random,
	createSocket: () => carriers.connect(),
	capabilities: detectCapabilities,
	protocol: readProtocol(location.search),
	makers: createFeedMakers({ base, clock, capabilities: detectCapabilities }),
	memory: new LadderMemory({
		storage: () => localStorage,
		origin: location.origin,
		network: () => (navigator as { connection?: { type?: string } }).connection?.type,
	}),
	events: store,
});
store.attach(session);

document.addEventListener("visibilitychange", () => session.setVisible(document.visibilityState === "visible"));
document.addEventListener("fullscreenchange", () => store.followFullScreen());
window.addEventListener("online", () => session.wake());
// A page that is put away lets go of everything, also of what would keep it out of the back-forward cache.
window.addEventListener("pagehide", () => session.stop());
window.addEventListener("pageshow", (event) => {
	if (event.persisted) session.start();
});

// The socket opens while the page is drawn for the first time.
session.setVisible(document.visibilityState === "visible");
session.start();
const root = document.getElementById("app");
if (!root) throw new Error("index.html has no #app.");
render(<App store={store} />, root);
