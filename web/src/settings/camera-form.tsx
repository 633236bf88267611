/** The fields of one camera. @module */
import { useEffect, useRef } from "preact/hooks";
import { useSettings } from "./context.ts";
import { type CameraField, type Draft, keepsPassword } from "./draft.ts";
import { Field, PasswordField } from "./fields.tsx";

/** Of these, one of two kinds of address is shown: what a camera has is not changed into the other. */
const BY_URL = ["url", "main"] as const;
const BY_HOST = ["host", "port", "template", "channel"] as const;
const RARE = ["id", "transport", "tls"] as const;
const SHORT: ReadonlySet<CameraField> = new Set(["port", "channel", "id", "transport", "user"]);
const NUMERIC: ReadonlySet<CameraField> = new Set(["port", "channel"]);
const VALUES: Readonly<Partial<Record<CameraField, readonly string[]>>> = {
	transport: ["auto", "tcp", "udp", "http"],
	tls: ["verify", "insecure", "legacy"],
	scheme: ["rtsp", "rtsps"],
};

export function CameraForm({ draft }: { draft: Draft }) {
	const { store, t } = useSettings();
	const form = useRef<HTMLFormElement>(null);
	const { key, fields, password } = draft;
	const problems = store.problems.value.get(key) ?? [];
	const problemOf = (name: string) =>
		problems.flatMap(({ field, text }) => (field === name ? [text] : [])).join(" ") || undefined;
	const rare = [...RARE, ...(fields.host === undefined ? [] : (["scheme"] as const))];
	useEffect(() => {
		const wrong = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]');
		(wrong ?? form.current?.querySelector<HTMLElement>("input"))?.focus();
		// With what is wrong about it, which stands below.
		wrong?.closest(".field")?.scrollIntoView({ block: "center" });
	}, [problems.length > 0]);
	const templates = store.vendors.value.flatMap(({ template }) => (template === undefined ? [] : [template]));
	const field = (name: Exclude<CameraField, "serial">) => (
		<Field
			key={name}
			name={name}
			label={t(`settings.field.${name}`)}
			value={fields[name] ?? ""}
			problem={problemOf(name)}
			short={SHORT.has(name)}
			numeric={NUMERIC.has(name)}
			suggestions={name === "template" ? templates : VALUES[name]}
			onInput={(value) => store.change(key, name, value)}
			onLeave={() => store.tidy(key)}
		/>
	);
	return (
		<form
			ref={form}
			class="camera-form"
			onSubmit={(event) => {
				event.preventDefault();
				store.tidy(key);
				store.opened.value = undefined;
			}}
		>
			{field("name")}
			{(fields.host === undefined ? BY_URL : BY_HOST).map(field)}
			{field("user")}
			<PasswordField
				name="password"
				label={t("settings.field.password")}
				value={password ?? ""}
				placeholder={keepsPassword(draft) ? t("settings.password.kept") : undefined}
				problem={problemOf("password")}
				short
				onInput={(value) => store.changePassword(key, value)}
			/>
			<details open={rare.some((name) => problemOf(name) !== undefined)}>
				<summary>{t("settings.rare")}</summary>
				<p class="hint">{t("settings.rare.hint")}</p>
				<div class="fields">{rare.map(field)}</div>
			</details>
			<div class="buttons">
				<button type="submit" class="text-button">
					{t("settings.done")}
				</button>
				<button type="button" class="text-button" onClick={() => store.test([key])}>
					{t("settings.test.one")}
				</button>
			</div>
		</form>
	);
}
