import type { Inspector } from '../../src/inspect/inspector.ts';
import type { ReplayResult } from '../../src/inspect/snapshot/recording-facts.ts';

/** Controls recordings. It outlives the view, so a recording continues while the user opens other views. */
export interface Recordings {
  /** The last finished recording. */
  readonly text: string | undefined;
  readonly replay: ReplayState;
  start(): void;
  stop(): void;
  /** Replays the last recording, or the text of a file. */
  replayText(text: string): Promise<void>;
  /** Call when the inspector changes. */
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
      const started: ReplayState = { kind: 'running' };
      replay = started;
      let next: ReplayState;
      try {
        const { replay: result } = await current.controls.replay(recording);
        next = result ? { kind: 'done', result } : { kind: 'none' };
      } catch (error) {
        next = { kind: 'failed', message: messageOf(error) };
      }
      if (replay === started) replay = next;
    },
    forget() {
      // A recording that ended with its node is still available.
      if (running) text = running.stop();
      running = undefined;
      replay = { kind: 'none' };
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
