/** Who may change the settings, and how to become one of them. @module */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSettings } from "./context.ts";
import { Field, Message } from "./fields.tsx";
import { localAddress } from "./local-address.ts";
import type { ApiProblem } from "./settings-api.ts";
import { tokenIn } from "./token.ts";
import { problemWords } from "./words.ts";

export function Locked({ problem }: { problem: ApiProblem | undefined }) {
	const { store, t } = useSettings();
	const [text, setText] = useState("");
	const address = localAddress(location);
	const form = useRef<HTMLFormElement>(null);
	useEffect(() => form.current?.querySelector("input")?.focus(), []);
	return (
		<form
			ref={form}
			class="locked"
			onSubmit={(event) => {
				event.preventDefault();
				const token = tokenIn(text);
				if (token !== "") void store.load(token);
			}}
		>
			<h3>{t("settings.locked.title")}</h3>
			{address === undefined ? (
				<>
					<p>{t("settings.locked.why.here")}</p>
					<p>{t("settings.locked.token.here", { command: "docker compose logs vigia" })}</p>
				</>
			) : (
				<>
					<p>{t("settings.locked.why")}</p>
					<ol>
						<li>{t("settings.locked.machine", { address })}</li>
						<li>{t("settings.locked.token")}</li>
					</ol>
				</>
			)}
			{problem && <Message kind="error">{problemWords(t, problem)}</Message>}
			<Field label={t("settings.locked.field")} name="token" value={text} onInput={setText} />
			<button type="submit" class="main-button" disabled={tokenIn(text) === ""}>
				{t("settings.locked.open")}
			</button>
		</form>
	);
}
