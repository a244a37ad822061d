import type { Inspector } from '../../src/inspect/inspector.ts';
import type { ReplayResult } from '../../src/inspect/faults/replay.ts';

/** The panel's hand on recordings; it outlives the view, so that one runs on while another view is looked at. */
export interface Recordings {
  /** The last one, once it was stopped. */
  readonly text: string | undefined;
  readonly replay: ReplayState;
  start(): void;
  stop(): void;
  /** The last one, or a file's text. */
  replayText(text: string): Promise<void>;
  /** There is another inspector now. */
  forget(): void;
}
export type ReplayState =
  | { readonly kind: 'none' | 'running' }
  | { readonly kind: 'done'; readonly result: ReplayResult }
  | { readonly kind: 'failed'; readonly message: string };

export function createRecordings(inspector: () => Inspector | undefined): Recordings {
  let text = $state.raw<string>();
  let replay = $state.raw<ReplayState>({ kind: 'none' });
  let running: { stop(): string } | undefined;

  return {
    get text() {
      return text;
    },
    get replay() {
      return replay;
    },
    start() {
      replay = { kind: 'none' };
      text = undefined;
      try {
        running = inspector()?.controls.record();
      } catch (error) {
        replay = { kind: 'failed', message: messageOf(error) };
      }
    },
    stop() {
      text = running?.stop();
      running = undefined;
    },
    async replayText(recording) {
      const current = inspector();
      if (!current || replay.kind === 'running') return;
      const own: ReplayState = { kind: 'running' };
      replay = own;
      let next: ReplayState;
      try {
        const { replay: result } = await current.controls.replay(recording);
        next = result ? { kind: 'done', result } : { kind: 'none' };
      } catch (error) {
        next = { kind: 'failed', message: messageOf(error) };
      }
      if (replay === own) replay = next;
    },
    forget() {
      // What ended with its node can still be taken.
      if (running) text = running.stop();
      running = undefined;
      replay = { kind: 'none' };
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
