/** The picture of a camera in the list: what its test has seen, else the wall's latest still of it. @module */
import { useState } from "preact/hooks";
import { stillAddress } from "../player/still-feed.ts";
import { StateIcon } from "../ui/icons.tsx";
import { useWall } from "../ui/store.ts";
import { useSettings } from "./context.ts";
import type { Draft } from "./draft.ts";
import type { TestState } from "./test-queue.ts";
import { TestPicture } from "./test-result.tsx";

/** As large with a picture as without one, so that nothing moves when it comes. */
export function CameraPicture({ draft, state, name }: { draft: Draft; state: TestState | undefined; name: string }) {
	const { store, t } = useSettings();
	const id = store.onWall(draft);
	const isTested = state && state.kind !== "waiting" && state.kind !== "held";
	return (
		<div class="camera-picture">
			{isTested ? (
				<TestPicture state={state} name={name} />
			) : id === undefined ? (
				<span>{t("settings.untested")}</span>
			) : (
				<Still key={id} id={id} name={name} />
			)}
		</div>
	);
}

/**
 * Asked for only while the camera is live: for any other the server waits for seconds, and a browser has few connections.
 * What it showed before is not shown for what it shows now.
 */
function Still({ id, name }: { id: string; name: string }) {
	const wall = useWall();
	const { t } = useSettings();
	const kind = (wall.ids.value.includes(id) ? wall.viewOf(id)?.state.kind : undefined) ?? "connecting";
	if (kind === "live" || kind === "still") return <StillImage id={id} name={name} />;
	return (
		<span>
			<StateIcon kind={kind} />
			{t(`state.${kind}`)}
		</span>
	);
}

function StillImage({ id, name }: { id: string; name: string }) {
	const { t } = useSettings();
	const [failed, setFailed] = useState(false);
	if (failed) return <span>{t("settings.noPicture")}</span>;
	return (
		<img
			src={stillAddress("", id, "sub")}
			loading="lazy"
			alt={t("settings.picture", { name })}
			onError={() => setFailed(true)}
		/>
	);
}
