/** What the test of one camera found out. @module */
import type { SettingsTestAnswer } from "@vigia/api";
import type { Translate } from "../i18n/index.ts";
import { StateIcon } from "../ui/icons.tsx";
import { useSettings } from "./context.ts";
import type { ApiProblem } from "./settings-api.ts";
import type { TestState } from "./test-queue.ts";
import { type AdviceLine, answerAdvice, factWords, problemWords } from "./words.ts";

/** The picture, or in what state its test is. */
export function TestPicture({ state, name }: { state: TestState; name: string }) {
	const { t } = useSettings();
	const streams = state.kind === "done" ? state.answer.streams : [];
	const picture = streams.find((stream) => stream.picture !== undefined)?.picture;
	const failed = state.kind === "failed" || (streams.length > 0 && streams.every(isFailed));
	return (
		<>
			{picture !== undefined && <img src={`data:image/jpeg;base64,${picture}`} alt={t("settings.picture", { name })} />}
			{picture === undefined && (state.kind === "running" || state.kind === "waiting") && (
				<StateIcon kind="connecting" />
			)}
			{picture === undefined && failed && <StateIcon kind="offline" />}
			{picture === undefined && !failed && state.kind === "done" && <span>{t("settings.noPicture")}</span>}
		</>
	);
}

/** Facts and advice; what is under way, too. */
export function TestWords({ state }: { state: TestState | undefined }) {
	const { t } = useSettings();
	switch (state?.kind) {
		case undefined:
			return null;
		case "waiting":
			return <p class="test-line">{t("settings.test.waiting")}</p>;
		case "running":
			return <p class="test-line">{t("settings.test.running")}</p>;
		case "held":
			return <p class="test-line warning">{t("settings.test.held")}</p>;
		case "failed":
			return <p class="test-line error">{testProblem(t, state.problem)}</p>;
		case "done":
			return <Answer answer={state.answer} />;
	}
}

function Answer({ answer }: { answer: SettingsTestAnswer }) {
	const { t, language } = useSettings();
	const { streams } = answer;
	return (
		<div class="test-answer">
			{streams.map(({ stream, report }) => (
				<p key={stream} class={`test-line ${report.result}`}>
					<strong>{t(`settings.result.${report.result}`)}</strong>
					{streams.length > 1 && <span>{t(`stream.${stream}`)}</span>}
					{factWords(t, language, report).map((fact) => (
						<span key={fact}>{fact}</span>
					))}
				</p>
			))}
			<Advice lines={answerAdvice(t, streams)} />
		</div>
	);
}

/** What is good to know only is put away. */
function Advice({ lines }: { lines: readonly AdviceLine[] }) {
	const { t } = useSettings();
	const serious = lines.filter(({ severity }) => severity !== "info");
	const others = lines.filter(({ severity }) => severity === "info");
	const item = ({ severity, text }: AdviceLine) => (
		<li key={text} class={severity}>
			{text}
		</li>
	);
	return (
		<>
			{serious.length > 0 && <ul class="advice">{serious.map(item)}</ul>}
			{others.length > 0 && (
				<details>
					<summary>{t("settings.test.more", { count: others.length })}</summary>
					<ul class="advice">{others.map(item)}</ul>
				</details>
			)}
		</>
	);
}

/** What is wrong with the camera's fields, else what failed. */
function testProblem(t: Translate, problem: ApiProblem): string {
	const fields = problem.problems.map(({ text }) => text).join(" ");
	return fields === "" ? problemWords(t, problem) : fields;
}

function isFailed({ report }: SettingsTestAnswer["streams"][number]): boolean {
	return report.result === "failed";
}
