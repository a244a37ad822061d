import { expect, it } from 'vitest';
import { plotPaths } from './plot-paths.ts';

it('draws a line from base to peak across the whole width', () => {
  expect(plotPaths([0, 5, 10], 10)).toEqual({
    line: 'M0 58L120 31L240 4',
    area: 'M0 58L0 58L120 31L240 4V58Z',
    gaps: [],
    peakY: 4,
  });
});

it('draws missing data as a gap, not as zero', () => {
  const { line, gaps } = plotPaths([null, null, 4, 4, null, 4], 4);
  expect(gaps).toEqual([
    { x: 0, width: 96 },
    { x: 144, width: 96 },
  ]);
  expect(line).toBe('M96 4L144 4M240 4L264 4');
});

it('draws zeros on the base line', () => {
  expect(plotPaths([0, 0], 0)).toMatchObject({ line: 'M0 58L240 58', peakY: 58 });
});

it('accepts an empty series', () => {
  expect(plotPaths([], 0)).toEqual({ line: '', area: '', gaps: [], peakY: 58 });
});
