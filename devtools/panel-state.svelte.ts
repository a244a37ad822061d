import { flushSync } from 'svelte';
import type { Inspector } from '../src/inspect/inspector.ts';
import type { Faults } from '../src/inspect/faults/faults.ts';
import type { RecordingState } from '../src/inspect/faults/recorder.ts';
import type { InspectorSnapshot, Overview, RungName } from '../src/inspect/snapshot.ts';
import { atMostEvery } from './at-most-every.ts';
import { createRecordings, type Recordings } from './faults/recordings.svelte.ts';
import type { Preferences, View } from './preferences.ts';
import { createDownloads, type Downloads } from './storage/downloads.svelte.ts';
import { tallyRungs, type RungTally } from './unsynced/rung-tally.ts';

/** What the views point at: one view leads to another with it. */
export interface Shown {
  readonly coValueID?: string | undefined;
  /** CoValues that were looked at one after the other, the last of them now. */
  readonly coValueTrail?: readonly string[];
  /** Its number. */
  readonly message?: number | undefined;
  /** Unsynced shows what has not reached it. */
  readonly rung?: RungName | undefined;
}

/** What the panel's components share. */
export interface PanelState {
  readonly preferences: Preferences;
  readonly inspector: Inspector | undefined;
  /** Followed all the time, for the count on the button; while the panel is open it is the snapshot's. */
  readonly overview: Overview | undefined;
  /** Followed all the time, for the button's striped edge. */
  readonly faults: Faults | undefined;
  /** Followed all the time, too. */
  readonly recording: RecordingState | undefined;
  readonly recordings: Recordings;
  readonly downloads: Downloads;
  /** Read only while the panel is open. */
  readonly snapshot: InspectorSnapshot | undefined;
  /** Of its rows. */
  readonly tallies: readonly RungTally[];
  /** Whether what appears next takes the focus: the panel that a person opened, the button after it was closed from inside. */
  readonly takesFocus: boolean;
  readonly shown: Shown;
  /** Goes to a view, with what it should point at; what is left out stays as it is. */
  show(view: View, what?: Shown): void;
  set(change: Partial<Preferences>): void;
  /** It stands in a window of its own, and the page has the button only. */
  readonly isDetached: boolean;
  setDetached(isDetached: boolean): void;
  /** What a person is to be told of the panel itself. */
  readonly notice: string | undefined;
  say(notice: string | undefined): void;
  open(): void;
  close(takesFocus: boolean): void;
  inspect(inspector: Inspector | undefined): void;
}

/** The button while the panel is closed: under an app's load each look of the page at it would be felt. */
const buttonEveryMs = 500;

export function createPanelState(initial: Preferences, save: (preferences: Preferences) => void): PanelState {
  let preferences = $state.raw(initial);
  let inspector = $state.raw<Inspector>();
  let overview = $state.raw<Overview>();
  let faults = $state.raw<Faults>();
  let recording = $state.raw<RecordingState>();
  const recordings = createRecordings(() => inspector);
  const downloads = createDownloads(() => inspector);
  let snapshot = $state.raw<InspectorSnapshot>();
  const tallies = $derived(tallyRungs(snapshot?.unsynced ?? [], snapshot?.overview, snapshot?.atMs ?? 0));
  let takesFocus = $state(false);
  let isDetached = $state(false);
  let notice = $state<string>();
  let shown = $state.raw<Shown>({});
  let stopFollowing = () => {};
  let stopReading = () => {};

  function set(change: Partial<Preferences>): void {
    preferences = { ...preferences, ...change };
    save(preferences);
  }

  function read(): void {
    stopReading();
    stopReading = () => {};
    snapshot = undefined;
    if (!inspector || !preferences.isOpen) return;
    snapshot = inspector.snapshot();
    stopReading = inspector.subscribe((increment) => {
      if (!snapshot) return;
      // Shown within the call, which so counts as what the panel costs: the more that is, the seldomer it is called.
      flushSync(() => {
        if (snapshot) snapshot = { ...snapshot, ...increment };
      });
    });
  }

  return {
    get preferences() {
      return preferences;
    },
    get inspector() {
      return inspector;
    },
    get overview() {
      return snapshot?.overview ?? overview;
    },
    get faults() {
      return faults;
    },
    get recording() {
      return recording;
    },
    recordings,
    downloads,
    get snapshot() {
      return snapshot;
    },
    get tallies() {
      return tallies;
    },
    get isDetached() {
      return isDetached;
    },
    setDetached(next) {
      isDetached = next;
      notice = undefined;
      if (!next || preferences.isOpen) return;
      set({ isOpen: true });
      read();
    },
    get notice() {
      return notice;
    },
    say: (next) => void (notice = next),
    get takesFocus() {
      return takesFocus;
    },
    get shown() {
      return shown;
    },
    show(view, what = {}) {
      shown = { ...shown, ...what };
      if (view !== preferences.view) set({ view });
    },
    set,
    open() {
      takesFocus = true;
      set({ isOpen: true });
      read();
    },
    close(next) {
      takesFocus = next;
      set({ isOpen: false });
      read();
    },
    inspect(next) {
      stopFollowing();
      inspector = next;
      shown = {};
      overview = undefined;
      faults = undefined;
      recording = undefined;
      recordings.forget();
      downloads.forget();
      const button = atMostEvery<Overview>(buttonEveryMs, (value) => (overview = value));
      const stops = next
        ? [
            next.overview.subscribe(button.tell),
            button.stop,
            next.faults.subscribe((value) => (faults = value)),
            next.recording.subscribe((value) => (recording = value)),
          ]
        : [];
      stopFollowing = () => {
        for (const stop of stops) stop();
      };
      read();
    },
  };
}
