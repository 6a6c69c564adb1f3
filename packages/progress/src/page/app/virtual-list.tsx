import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Rows beyond the visible ones, so that the Tab key always finds the next. */
const overscan = 6;

/** A long list of which only what is to be seen is in the document. */
export interface VirtualListProps {
  readonly label: string;
  readonly class?: string;
  readonly count: number;
  /** Pixels; may differ between rows, and with the width of the list. */
  readonly heightOf: (index: number, width: number) => number;
  readonly keyOf: (index: number) => string | number;
  readonly render: (index: number) => ComponentChildren;
  /** Stays at the end while more comes, until somebody scrolls away from it; told by `onFollow`. */
  readonly follows?: boolean;
  readonly onFollow?: (follows: boolean) => void;
}

/** Draws the rows that are in view, each at its place; the row that has the focus stays whatever happens. */
export function VirtualList(props: VirtualListProps): JSX.Element {
  const { label, count, heightOf, keyOf, render, follows = false, onFollow } = props;
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 0, height: 0 });
  const [top, setTop] = useState(0);
  const [focused, setFocused] = useState<string | number>();
  const isOwnScroll = useRef(false);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => {
      setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const offsets = offsetsOf(count, (index) => heightOf(index, size.width));
  const total = offsets[count] ?? 0;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !follows || size.height === 0) return;
    if (Math.abs(element.scrollTop - (total - element.clientHeight)) < 1) return;
    isOwnScroll.current = true;
    element.scrollTop = total;
  }, [follows, total, size.height]);

  const onScroll = (): void => {
    const element = box.current;
    if (!element) return;
    setTop(element.scrollTop);
    const isAtEnd = element.scrollTop + element.clientHeight >= total - 4;
    if (!isOwnScroll.current && onFollow && isAtEnd !== follows) onFollow(isAtEnd);
    isOwnScroll.current = false;
  };

  const from = Math.max(0, firstAfter(offsets, top) - 1 - overscan);
  const to = Math.min(count, firstAfter(offsets, top + size.height) + overscan);
  const indexes = Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
  if (focused !== undefined && !indexes.some((index) => keyOf(index) === focused)) {
    const index = indexOfKey(count, keyOf, focused);
    if (index !== undefined) indexes.push(index);
  }
  return (
    <div
      ref={box}
      class={`virtual ${props.class ?? ""}`}
      role="group"
      aria-label={label}
      tabIndex={0}
      onScroll={onScroll}
      onFocusOut={() => setFocused(undefined)}
    >
      <div class="virtual-space" style={{ height: `${total}px` }}>
        {indexes.map((index) => {
          const key = keyOf(index);
          const place = { top: `${offsets[index] ?? 0}px`, height: `${heightOf(index, size.width)}px` };
          return (
            <div key={key} class="virtual-row" style={place} onFocusIn={() => setFocused(key)}>
              {render(index)}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function offsetsOf(count: number, heightOf: (index: number) => number): Float64Array {
  const offsets = new Float64Array(count + 1);
  for (let index = 0; index < count; index += 1) offsets[index + 1] = (offsets[index] ?? 0) + heightOf(index);
  return offsets;
}

/** The first row that begins after a height. */
function firstAfter(offsets: Float64Array, height: number): number {
  let [low, high] = [0, offsets.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) > height) high = middle;
    else low = middle + 1;
  }
  return low;
}

function indexOfKey(
  count: number,
  keyOf: (index: number) => string | number,
  wanted: string | number,
): number | undefined {
  for (let index = 0; index < count; index += 1) if (keyOf(index) === wanted) return index;
  return undefined;
}
