import { faultPresets, type FaultPreset } from '../../src/inspect/faults/fault-presets.ts';
import type { FaultsNow } from '../../src/inspect/snapshot/fault-facts.ts';
import { draftOf, type FaultDraft } from './fault-draft.ts';

/** The fields of the Faults view. They outlive the view, so what the user typed is kept while other views are shown. */
export interface FaultForm {
  /** Undefined for a custom plan. */
  readonly preset: FaultPreset | undefined;
  readonly draft: FaultDraft;
  readonly minutes: number;
  /** The relays without faults. */
  readonly leftOutIDs: readonly string[];
  /** Undefined brings back the custom plan, as the user left it. */
  choose(preset: FaultPreset | undefined): void;
  /** Makes the plan a custom one. */
  edit(draft: FaultDraft): void;
  setSeed(seed: string): void;
  setMinutes(minutes: number): void;
  leaveOut(ids: readonly string[]): void;
  /** Shows active faults in the fields, unless the user has changed a field since they began. */
  show(faults: FaultsNow | undefined): void;
}

export function createFaultForm(nowMs: () => number = Date.now): FaultForm {
  let preset = $state.raw<FaultPreset | undefined>(faultPresets[0]);
  let draft = $state.raw<FaultDraft>(draftOf(faultPresets[0]?.plan ?? {}, randomSeed()));
  let minutes = $state(5);
  let leftOutIDs = $state.raw<readonly string[]>([]);
  let custom: FaultDraft | undefined;
  let touchedAtMs = -Infinity;

  const touch = () => (touchedAtMs = nowMs());

  return {
    get preset() {
      return preset;
    },
    get draft() {
      return draft;
    },
    get minutes() {
      return minutes;
    },
    get leftOutIDs() {
      return leftOutIDs;
    },
    choose(next) {
      touch();
      preset = next;
      draft = next ? draftOf(next.plan, draft.seed) : { ...(custom ?? draft), seed: draft.seed };
    },
    edit(next) {
      touch();
      preset = undefined;
      custom = draft = next;
    },
    setSeed(seed) {
      touch();
      draft = { ...draft, seed };
    },
    setMinutes(next) {
      touch();
      minutes = next;
    },
    leaveOut(ids) {
      touch();
      leftOutIDs = ids;
    },
    show(faults) {
      if (!faults || faults.sinceMs < touchedAtMs) return;
      preset = faultPresets.find(({ name }) => name === faults.name);
      draft = draftOf(faults.plan, String(faults.seed));
      if (!preset) custom = draft;
      minutes = Math.round((faults.endsAtMs - faults.sinceMs) / 60_000);
    },
  };
}

export function randomSeed(): string {
  return String(1_000 + Math.floor(Math.random() * 9_000));
}
