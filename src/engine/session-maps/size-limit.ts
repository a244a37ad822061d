import { tooLarge } from '../refusals/write-errors.ts';
import { checkEdits, type SessionMapLayer } from './session-maps.ts';

/** Throws VALUE_TOO_LARGE, where cojson throws a string. */
export const limitSize: SessionMapLayer = (createBelow, coValueID) =>
  checkEdits(createBelow(), (_sessionID, changesJson) => {
    const error = tooLarge(coValueID, changesJson);
    if (error) throw error;
  });
