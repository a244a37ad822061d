const width = 30;

/** Reports the completed fraction, from 0 to 1. */
export type Progress = (part: number) => void;

/** A progress bar that redraws itself; writes nothing unless the output is a terminal. */
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

/** The progress of one step, scaled to its share of the whole. */
export function partOf(progress: Progress, from: number, to: number): Progress {
  return (part) => progress(from + (to - from) * Math.min(1, part));
}
