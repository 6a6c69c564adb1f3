import type { JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef } from "preact/hooks";

/** A tab: what it is called, and how many of it there are. */
export interface Tab<Value extends string> {
  readonly value: Value;
  readonly name: string;
  readonly count?: number;
  readonly isBad?: boolean;
}

/** Tabs as assistive technology knows them: one stop for the Tab key, arrows between them. */
export function Tabs<Value extends string>(props: {
  readonly label: string;
  readonly tabs: readonly Tab<Value>[];
  readonly value: Value;
  readonly panelId: string;
  readonly onChange: (value: Value) => void;
}): JSX.Element {
  const { tabs, value, onChange } = props;
  const list = useRef<HTMLDivElement>(null);
  // Where there is no room for all, the chosen one is in view.
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [value]);
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLDivElement>): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      Home: -tabs.length,
      End: tabs.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const now = tabs.findIndex((tab) => tab.value === value);
    const isWhole = Math.abs(step) === tabs.length;
    const next = isWhole ? (step < 0 ? 0 : tabs.length - 1) : (now + step + tabs.length) % tabs.length;
    const tab = tabs[next];
    if (!tab) return;
    onChange(tab.value);
    event.currentTarget.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label={props.label} onKeyDown={onKeyDown}>
      {tabs.map((tab) => {
        const isSelected = tab.value === value;
        return (
          <button
            type="button"
            role="tab"
            key={tab.value}
            id={`${props.panelId}-${tab.value}`}
            aria-selected={isSelected}
            aria-controls={props.panelId}
            tabIndex={isSelected ? 0 : -1}
            onClick={() => onChange(tab.value)}
          >
            <span class="name">{tab.name}</span>
            {tab.count !== undefined && <span class={`bubble ${tab.isBad ? "bad" : ""}`}> {tab.count}</span>}
          </button>
        );
      })}
    </div>
  );
}
