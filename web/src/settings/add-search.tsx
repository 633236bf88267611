/** Cameras that the network search (ONVIF) finds. @module */
import { useSettings } from "./context.ts";
import { Busy, Field, Message, PasswordField } from "./fields.tsx";
import { addAndTest, problemWords } from "./words.ts";

export function AddSearch() {
	const { store, t } = useSettings();
	const { forms } = store;
	const problem = forms.problem.value;
	const discovered = forms.discovered.value;
	const chosen = forms.device.value.trim() !== "";
	return (
		<>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					void forms.discover();
				}}
			>
				<p>{t("settings.search.how")}</p>
				<Field
					name="range"
					label={t("settings.search.range")}
					value={forms.range.value}
					placeholder="192.168.1.0/24"
					hint={t("settings.search.rangeHint")}
					onInput={(value) => {
						forms.range.value = value;
					}}
				/>
				{forms.asking.value === "discover" ? (
					<Busy onStop={() => forms.stop()}>{t("settings.search.running")}</Busy>
				) : (
					<button type="submit" class={chosen ? "text-button" : "main-button"}>
						{t("settings.search.start")}
					</button>
				)}
			</form>
			{discovered && <Devices />}
			<Device />
			{problem && <Message kind="error">{problemWords(t, problem)}</Message>}
			<Channels />
		</>
	);
}

function Devices() {
	const { store, t } = useSettings();
	const { forms } = store;
	const { devices, interfaces } = forms.discovered.value ?? { devices: [], interfaces: [] };
	if (devices.length === 0) {
		return <Message kind="warning">{t("settings.search.none", { addresses: interfaces.join(", ") || "-" })}</Message>;
	}
	return (
		<fieldset class="choices">
			<legend>{t("settings.search.found", { count: devices.length })}</legend>
			{devices.map(({ address, name, hardware }) => (
				<label key={address}>
					<input
						type="radio"
						name="device"
						checked={forms.device.value === address}
						onChange={() => forms.chooseDevice(address)}
					/>
					<span>{[name, hardware].filter((part) => part !== undefined).join(" · ") || address}</span>
					<span class="hint">{address}</span>
				</label>
			))}
		</fieldset>
	);
}

/** Also one that the search does not find, by its address. */
function Device() {
	const { store, t } = useSettings();
	const { forms } = store;
	const login = forms.deviceLogin.value;
	const chosen = forms.device.value.trim() !== "";
	return (
		<form
			onSubmit={(event) => {
				event.preventDefault();
				void forms.describe();
			}}
		>
			<div class="fields">
				<Field
					name="device-address"
					label={t("settings.search.device")}
					value={forms.device.value}
					placeholder="192.168.1.108"
					onInput={(value) => forms.chooseDevice(value)}
				/>
				<Field
					name="user"
					short
					label={t("settings.field.user")}
					value={login.user}
					onInput={(user) => {
						forms.deviceLogin.value = { ...login, user };
					}}
				/>
				<PasswordField
					name="password"
					short
					label={t("settings.field.password")}
					value={login.password}
					onInput={(password) => {
						forms.deviceLogin.value = { ...login, password };
					}}
				/>
			</div>
			{forms.asking.value === "describe" ? (
				<Busy onStop={() => forms.stop()}>{t("settings.search.describing")}</Busy>
			) : (
				<button
					type="submit"
					class={chosen && !forms.described.value ? "main-button" : "text-button"}
					disabled={!chosen}
				>
					{t("settings.search.describe")}
				</button>
			)}
		</form>
	);
}

function Channels() {
	const { store, t } = useSettings();
	const { forms } = store;
	const described = forms.described.value;
	if (!described) return null;
	const { cameras, manufacturer, model, withheld } = described;
	const unticked = forms.unticked.value;
	const count = cameras.length - unticked.size;
	return (
		<>
			{withheld > 0 && (
				<Message kind="warning">
					{t("settings.search.withheld", { count: withheld })}
					<button type="button" class="text-button" onClick={() => forms.show("maker")}>
						{t("settings.tab.maker")}
					</button>
				</Message>
			)}
			{cameras.length > 0 && (
				<fieldset class="choices">
					<legend>
						{[manufacturer, model].filter((part) => part !== undefined).join(" ") || t("settings.search.channels")}
					</legend>
					{cameras.map(({ name, url }, at) => (
						<label key={at}>
							<input
								type="checkbox"
								checked={!unticked.has(at)}
								onChange={(event) => forms.setTicked(at, event.currentTarget.checked)}
							/>
							<span>{name}</span>
							<span class="hint">{url}</span>
						</label>
					))}
				</fieldset>
			)}
			{cameras.length === 0 && withheld === 0 && <Message kind="warning">{t("settings.search.noChannels")}</Message>}
			{cameras.length > 0 && (
				<button
					type="button"
					class="main-button"
					disabled={count === 0}
					onClick={() => store.add(forms.describedCameras())}
				>
					{addAndTest(t, count)}
				</button>
			)}
		</>
	);
}
