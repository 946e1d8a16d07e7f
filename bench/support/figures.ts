/** Figures: medians, percentiles, and a table that can go into results.md as it is. */

export const median = (values: readonly number[]): number => percentile(values, 50)

/** Nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

/** Three significant digits. */
export const short = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))

/** One measured claim. */
export interface Figure {
  readonly what: string
  readonly value: string
  /** What the floor of the same run needed, or nothing. */
  readonly floor?: string
  readonly ratio?: string
  readonly target?: string
}

/** A Markdown table. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, floor = '', ratio = '', target = '' }) => [
    what,
    value,
    floor,
    ratio,
    target,
  ])
  return [['what', 'Foyer', 'floor', 'ratio', 'target'], ['---', '---', '---', '---', '---'], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
