import { flushSync } from 'svelte';
import type { Inspector } from '../src/inspect/inspector.ts';
import type { ListWanted } from '../src/inspect/covalue/list/listed-covalue.ts';
import type { Faults } from '../src/inspect/snapshot/fault-facts.ts';
import type { RecordingState } from '../src/inspect/snapshot/recording-facts.ts';
import type { InspectorSnapshot } from '../src/inspect/snapshot/inspector-snapshot.ts';
import type { Overview, RungName } from '../src/inspect/snapshot/overview-facts.ts';
import { atMostEvery } from './at-most-every.ts';
import { createFaultForm, type FaultForm } from './faults/fault-form.svelte.ts';
import { createRecordings, type Recordings } from './faults/recordings.svelte.ts';
import type { Preferences, View } from './preferences.ts';
import { createDownloads, type Downloads } from './storage/downloads.svelte.ts';
import { tallyRungs, type RungTally } from './unsynced/rung-tally.ts';

/** What the views currently show. Links between views set it. */
export interface Shown {
  readonly coValueID?: string | undefined;
  /** The history of viewed CoValues, the current one last. */
  readonly coValueTrail?: readonly string[];
  /** Filter and order of the table of all CoValues. */
  readonly all?: ListWanted;
  /** The selected message's number. */
  readonly message?: number | undefined;
  /** Unsynced shows only CoValues that have not reached this rung. */
  readonly rung?: RungName | undefined;
}

/** The state that the panel's components share. */
export interface PanelState {
  readonly preferences: Preferences;
  readonly inspector: Inspector | undefined;
  /** Followed even while closed, for the count on the button. While open, it comes from the snapshot. */
  readonly overview: Overview | undefined;
  /** Followed even while closed, for the button's stripes. */
  readonly faults: Faults | undefined;
  /** Followed even while closed. */
  readonly recording: RecordingState | undefined;
  readonly recordings: Recordings;
  readonly faultForm: FaultForm;
  readonly downloads: Downloads;
  /** Undefined while the panel is closed. */
  readonly snapshot: InspectorSnapshot | undefined;
  /** Tallies of the snapshot's unsynced rows. */
  readonly tallies: readonly RungTally[];
  /**
   * Whether the next element to appear takes the focus: the panel after the user opens it, or the button after the user
   * closes it.
   */
  readonly takesFocus: boolean;
  /** Call before the panel or the button appears elsewhere without the user’s doing. */
  keepFocus(): void;
  readonly shown: Shown;
  /** Switches to a view and updates what it shows. */
  show(view: View, what?: Shown): void;
  set(change: Partial<Preferences>): void;
  /** Whether the panel is in a separate window, with only the button in the page. */
  readonly isDetached: boolean;
  setDetached(isDetached: boolean): void;
  /** A message about the panel itself. */
  readonly notice: string | undefined;
  setNotice(notice: string | undefined): void;
  open(): void;
  close(takesFocus: boolean): void;
  inspect(inspector: Inspector | undefined): void;
}

/** How often the closed panel's button updates. More often would slow a busy app. */
const buttonEveryMs = 500;

export function createPanelState(initial: Preferences, save: (preferences: Preferences) => void): PanelState {
  let preferences = $state.raw(initial);
  let inspector = $state.raw<Inspector>();
  let overview = $state.raw<Overview>();
  let faults = $state.raw<Faults>();
  let recording = $state.raw<RecordingState>();
  const recordings = createRecordings(() => inspector);
  const faultForm = createFaultForm();
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
      // Render synchronously, so that the inspector counts it as panel cost and calls less often when it is high.
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
    faultForm,
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
    setNotice: (next) => void (notice = next),
    get takesFocus() {
      return takesFocus;
    },
    keepFocus: () => void (takesFocus = false),
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
            next.overview.subscribe(button.push),
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
