import type { JSX } from "preact";

/** One of a few, each with its name: what is shown of a list. */
export function Choices<Value extends string>(props: {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, name: string])[];
  readonly onChange: (value: Value) => void;
}): JSX.Element {
  return (
    <div class="choices" role="group" aria-label={props.label}>
      {props.options.map(([value, name]) => (
        <button type="button" key={value} aria-pressed={value === props.value} onClick={() => props.onChange(value)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** A field that a list is searched by. */
export function Search(props: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}): JSX.Element {
  return (
    <input
      type="search"
      placeholder={props.label}
      aria-label={props.label}
      autocomplete="off"
      spellcheck={false}
      value={props.value}
      onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}
