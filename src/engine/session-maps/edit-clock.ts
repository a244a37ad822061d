import type { LocalNode } from 'cojson';

const minuteMs = 60 * 1000;
const hourMs = 60 * minuteMs;
/** Relays refuse edits that are dated 24 h ahead. */
const dataAheadMs = 20 * hourMs;
/** Later edits must follow edits dated by a relay's pings, even on devices whose clocks are a little behind. */
const correctionAheadMs = 19 * hourMs;
/** Members' clocks may be a little fast, whatever a relay's pings say. */
const fastAheadMs = hourMs;
const groupAheadMs = 5 * minuteMs;

export interface EditClock {
  readonly nowMs: number;
  /** An edit is dated after what counts up to this date, and not after what is later. */
  readonly untilMs: number;
}

export interface DataClock extends EditClock {
  /** Like `untilMs`, for what counts and is by this account: pings decided its date, and may differ by now. */
  readonly ownUntilMs: number;
}

/**
 * The clock for edits of data. cojson corrects it by relays' pings, by up to 24 h, of which 19 h ahead count. Because the device's
 * clock or a relay's may be wrong, the limit is 20 h ahead of the earlier one, and never before the other one.
 */
export function dataClock(node: LocalNode): DataClock {
  const deviceMs = Date.now();
  const nowMs = Math.min(node.stampNow(), deviceMs + correctionAheadMs);
  return {
    nowMs,
    untilMs: Math.max(nowMs, deviceMs + fastAheadMs, Math.min(nowMs, deviceMs) + dataAheadMs),
    ownUntilMs: deviceMs + dataAheadMs,
  };
}

/** The clock for changes of groups and accounts. A relay that differs by more than 5 min does not correct it. */
export function groupClock(node: LocalNode): EditClock {
  const deviceMs = Date.now();
  const correctedMs = node.stampNow();
  const nowMs = Math.abs(correctedMs - deviceMs) <= groupAheadMs ? correctedMs : deviceMs;
  return { nowMs, untilMs: nowMs + groupAheadMs };
}
