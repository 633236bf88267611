/** Fields of a form with their labels and problems, and lines that tell something. @module */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { StateIcon } from "../ui/icons.tsx";
import { useSettings } from "./context.ts";

export interface FieldProps {
	readonly label: string;
	readonly value: string;
	readonly onInput: (value: string) => void;
	readonly onLeave?: () => void;
	readonly hint?: string | undefined;
	readonly problem?: string | undefined;
	readonly placeholder?: string | undefined;
	/** Narrow where there is room for several. */
	readonly short?: boolean;
	readonly numeric?: boolean;
	readonly suggestions?: readonly string[] | undefined;
	readonly name?: string;
}

export function Field(props: FieldProps) {
	const id = useId();
	const { label, value, placeholder, problem, suggestions, name } = props;
	return (
		<Labelled id={id} {...props} label={label}>
			<input
				id={id}
				name={name}
				type="text"
				inputMode={props.numeric === true ? "numeric" : undefined}
				autocomplete="off"
				autocapitalize="off"
				spellcheck={false}
				value={value}
				placeholder={placeholder}
				list={suggestions && `${id}-list`}
				aria-invalid={problem !== undefined}
				aria-describedby={`${id}-note`}
				onInput={(event) => props.onInput(event.currentTarget.value)}
				onBlur={() => props.onLeave?.()}
			/>
			{suggestions && (
				<datalist id={`${id}-list`}>
					{suggestions.map((suggestion) => (
						<option key={suggestion} value={suggestion} />
					))}
				</datalist>
			)}
		</Labelled>
	);
}

/** Hidden, with a button that shows it. */
export function PasswordField(props: FieldProps) {
	const id = useId();
	const { t } = useSettings();
	const [shown, setShown] = useState(false);
	const { value, placeholder, problem, name } = props;
	return (
		<Labelled id={id} {...props}>
			<span class="with-button">
				<input
					id={id}
					name={name}
					{...(shown ? ({ type: "text" } as const) : ({ type: "password" } as const))}
					// A camera's password is none of this page's: no password manager should offer or keep it.
					autocomplete="new-password"
					autocapitalize="off"
					spellcheck={false}
					value={value}
					placeholder={placeholder}
					aria-invalid={problem !== undefined}
					aria-describedby={`${id}-note`}
					onInput={(event) => props.onInput(event.currentTarget.value)}
				/>
				<button type="button" class="text-button" aria-pressed={shown} onClick={() => setShown(!shown)}>
					{t(shown ? "settings.hide" : "settings.show")}
				</button>
			</span>
		</Labelled>
	);
}

function Labelled(
	props: Pick<FieldProps, "label" | "hint" | "problem" | "short"> & { id: string; children: ComponentChildren },
) {
	const { id, label, hint, problem, short } = props;
	return (
		<div class={`field${short === true ? " short" : ""}`}>
			<label for={id}>{label}</label>
			{props.children}
			<span id={`${id}-note`} class={problem === undefined ? "hint" : "hint wrong"}>
				{problem ?? hint}
			</span>
		</div>
	);
}

/** A line with a mark by its shape, read out when it appears. */
export function Message(props: { kind: "error" | "warning" | "info" | "good"; children: ComponentChildren }) {
	const icon = { error: "offline", warning: "offline", info: "connecting", good: "live" } as const;
	return (
		<div class={`message ${props.kind}`} role={props.kind === "error" ? "alert" : "status"}>
			{props.kind !== "info" && <StateIcon kind={icon[props.kind]} />}
			<div>{props.children}</div>
		</div>
	);
}

/** Scrolls itself into sight when there is another `when`: an answer must not come where nobody sees it. */
export function InSight({ when, children }: { when: object | undefined; children: ComponentChildren }) {
	const place = useRef<HTMLDivElement>(null);
	useEffect(() => {
		if (when) place.current?.scrollIntoView({ block: "nearest" });
	}, [when]);
	return (
		<div ref={place} class="in-sight">
			{children}
		</div>
	);
}

/** Something takes a while. */
export function Busy({ children, onStop }: { children: ComponentChildren; onStop?: () => void }) {
	const { t } = useSettings();
	return (
		<div class="message busy" role="status">
			<StateIcon kind="connecting" />
			<div>{children}</div>
			{onStop && (
				<button type="button" class="text-button" onClick={onStop}>
					{t("settings.stop")}
				</button>
			)}
		</div>
	);
}
