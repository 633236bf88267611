/** What stands in place of the settings in a frame, where another site could lead clicks to their buttons. @module */
import { useSettings } from "./context.ts";
import { settingsAddress } from "./token.ts";

/** @param token that the page was opened with, for the tab. */
export function Framed({ token }: { token: string | undefined }) {
	const { t, close } = useSettings();
	return (
		<div class="locked">
			<h3>{t("settings.framed.title")}</h3>
			<p>{t("settings.framed.why")}</p>
			<a class="main-button" href={settingsAddress(location, token)} target="_blank" rel="noopener" onClick={close}>
				{t("settings.framed.open")}
			</a>
		</div>
	);
}
