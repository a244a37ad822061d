import allCoValues from './all-covalues.css?inline';
import base from './base.css?inline';
import controls from './controls.css?inline';
import corner from './corner.css?inline';
import covalue from './covalue.css?inline';
import faults from './faults.css?inline';
import frame from './frame.css?inline';
import header from './header.css?inline';
import lag from './lag.css?inline';
import list from './list.css?inline';
import messages from './messages.css?inline';
import peers from './peers.css?inline';
import queues from './queues.css?inline';
import rail from './rail.css?inline';
import tabs from './tabs.css?inline';
import storage from './storage.css?inline';
import tokens from './tokens.css?inline';
import unsynced from './unsynced.css?inline';

const views = [unsynced, queues, peers, messages, covalue, allCoValues, lag, storage, tabs, faults];

/** Adopted style sheets work under `style-src 'self'`, which blocks `<style>` and `style="…"` even in shadow roots. */
export function createStyleSheet(view: Window & typeof globalThis): CSSStyleSheet {
  const sheet = new view.CSSStyleSheet();
  sheet.replaceSync([tokens, base, controls, frame, header, rail, corner, list, ...views].join('\n'));
  return sheet;
}
