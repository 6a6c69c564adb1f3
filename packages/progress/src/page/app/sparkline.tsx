import type { JSX } from "preact";

const [width, height] = [120, 28];

/** A few figures as a line, from zero up to the most of them. What it shows is said in numbers beside it. */
export function Sparkline({
  label,
  values,
}: {
  readonly label: string;
  readonly values: readonly number[];
}): JSX.Element {
  const most = Math.max(...values, 1e-9);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map(
    (value, index) => `${(index * step).toFixed(1)},${(height - 1 - (value / most) * (height - 2)).toFixed(1)}`,
  );
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${label} over time`}
    >
      <polyline points={points.join(" ")} />
    </svg>
  );
}
