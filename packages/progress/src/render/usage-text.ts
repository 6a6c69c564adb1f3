const mebibyte = 1024 * 1024;

/** Memory that changes from one look to the next, so that three digits tell enough: `8 MiB`, `312 MiB`, `1.2 GiB`. */
export function memoryText(bytes: number): string {
  const mebibytes = Math.max(0, bytes) / mebibyte;
  return mebibytes < 1000 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

/** A share of one CPU, 100 being all of it: `143 %`. */
export function cpuText(percent: number): string {
  return `${Math.round(Math.max(0, percent))} %`;
}
