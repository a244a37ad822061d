const width = 30;

/** How much is done, from 0 to 1. */
export type Progress = (part: number) => void;

/** A line that is drawn over itself; nothing where no person watches. */
export function createProgressBar(output: { readonly isTTY?: boolean; write(text: string): unknown }) {
  let shown = '';
  return {
    show(part: number): void {
      const done = Math.round(part * width);
      const bar = `${'█'.repeat(done)}${'░'.repeat(width - done)} ${Math.floor(part * 100)} %`;
      if (!output.isTTY || bar === shown) return;
      shown = bar;
      output.write(`\r${bar}`);
    },
    end(): void {
      if (shown !== '') output.write('\n');
    },
  };
}

/** The progress of one of several steps, which takes its share of the whole. */
export function partOf(progress: Progress, from: number, to: number): Progress {
  return (part) => progress(from + (to - from) * Math.min(1, part));
}
