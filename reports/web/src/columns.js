// Where a run has several buckets to a pixel, they share a column: its mean, and its least and its greatest bucket, so
// that a spike of a single bucket stays in sight however long the run is.

const LEAST_PX = 2.5;

// Ranges of views [first, beyond), each at least LEAST_PX wide, that cover min to max. Columns begin at multiples of
// their size, so that they stay where they are when the axis moves.
export function columnsOf(times, min, max, width) {
  const views = times.length - 1;
  const shown = Math.max((max - min) / (times[1] - times[0]), 1e-9);
  let size = 1;
  while ((width * size) / shown < LEAST_PX && size < views) size *= 2;
  const columns = [];
  for (let first = 0; first < views; first += size) {
    const beyond = Math.min(first + size, views);
    if (times[beyond] >= min && times[first] <= max) columns.push([first, beyond]);
  }
  return { size, columns };
}

export function sum(values, [first, beyond]) {
  let total = 0;
  for (let view = first; view < beyond; ++view) total += values[view] ?? 0;
  return total;
}

export function greatest(values, [first, beyond]) {
  let most = -Infinity;
  for (let view = first; view < beyond; ++view) if (values[view] != null && values[view] > most) most = values[view];
  return most;
}

// {min, mean, max} of the views that have a value; null if none has.
export function spread(values, [first, beyond]) {
  let [min, max, total, count] = [Infinity, -Infinity, 0, 0];
  for (let view = first; view < beyond; ++view) {
    const value = values[view];
    if (value == null) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    total += value;
    ++count;
  }
  return count > 0 ? { min, mean: total / count, max } : null;
}

// "12", or of several buckets "12 (3 to 40)".
export function spreadWords(values, column, words, none) {
  const found = spread(values, column);
  if (!found) return none;
  const { min, mean, max } = found;
  return min === max ? words(mean) : `${words(mean)} (${words(min)} to ${words(max)})`;
}
