import type { UnsyncedRow } from '../snapshot/unsynced-row.ts';

/** Where edits of the row are missing: on this device, and at relays. */
export function missingPlaces({
  steps,
  missingAt,
}: Pick<UnsyncedRow, 'steps' | 'missingAt'>): readonly string[] {
  const isMissing = (step: UnsyncedRow['steps']['saved']) => step === 'pending' || step === 'failed';
  return [
    ...(isMissing(steps.saved) ? ['this device'] : []),
    ...(missingAt.length === 0 && isMissing(steps.confirmed) ? ['every relay'] : missingAt),
  ];
}
