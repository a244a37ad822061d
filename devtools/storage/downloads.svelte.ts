import type { Inspector } from '../../src/inspect/inspector.ts';
import type { ContentEnd, ContentHead } from '../../src/inspect/storage/content-file.ts';
import { saveText } from '../parts/save-text.ts';

/** Controls downloads. It outlives the view, so a download continues while the user opens other views. */
export interface Downloads {
  readonly current: Download | undefined;
  /** Does nothing while another download is running. */
  begin(which: ContentHead['which'], nowMs: number): Promise<void>;
  /** Cancels the download without saving a file. */
  stop(): void;
  /** Call when the inspector changes. */
  forget(): void;
}

export interface Download {
  readonly which: ContentHead['which'];
  readonly state: 'running' | 'saved' | 'stopped' | 'failed';
  /** The number of CoValues so far. */
  readonly coValues: number;
  readonly bytes: number;
  /** The file's last line, once it is saved. */
  readonly end?: ContentEnd;
  readonly message?: string;
}

/** Batch lines into blobs of this many characters, which the browser may move to disk. */
const partCharacters = 1_000_000;
const showEvery = 100;

export function createDownloads(inspector: () => Inspector | undefined): Downloads {
  let current = $state.raw<Download>();
  let ending: AbortController | undefined;

  async function begin(which: ContentHead['which'], nowMs: number): Promise<void> {
    const from = inspector();
    if (!from || current?.state === 'running') return;
    const { signal } = (ending = new AbortController());
    let download: Download = { which, state: 'running', coValues: 0, bytes: 0 };
    const show = (change: Partial<Download>) => {
      download = { ...download, ...change };
      if (!signal.aborted) current = download;
    };
    show({});
    try {
      const parts: Blob[] = [];
      let lines: string[] = [];
      let [coValues, bytes, unhanded] = [0, 0, 0];
      let last = '';
      for await (const line of from.controls.exportContent(which)) {
        if (signal.aborted) return;
        lines.push(line);
        last = line;
        bytes += line.length;
        unhanded += line.length;
        if (line.startsWith('{"kind":"covalue"')) coValues++;
        if (coValues % showEvery === 0) show({ coValues, bytes });
        if (unhanded < partCharacters) continue;
        parts.push(new Blob(lines));
        [lines, unhanded] = [[], 0];
      }
      if (signal.aborted) return;
      saveText([...parts, ...lines], fileName(which, nowMs));
      show({ state: 'saved', coValues, bytes, end: JSON.parse(last) as ContentEnd });
    } catch (error) {
      show({ state: 'failed', message: error instanceof Error ? error.message : String(error) });
    }
  }

  function stop(): void {
    ending?.abort();
    if (current?.state === 'running') current = { ...current, state: 'stopped' };
  }

  return {
    get current() {
      return current;
    },
    begin,
    stop,
    forget() {
      stop();
      current = undefined;
    },
  };
}

function fileName(which: ContentHead['which'], atMs: number): string {
  const stamp = new Date(atMs).toISOString().slice(0, 19).replaceAll(/[T:]/g, '-');
  return `maia-${which === 'all' ? 'everything' : 'unsynced'}-${stamp}.ndjson`;
}
