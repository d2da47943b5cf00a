/**
 * NODE_OPTIONS for a process whose wall clock runs backwards, a second each time it is asked: what a clock that is set back
 * does, at every moment at once.
 */
const script = 'let time = Date.now(); Date.now = () => (time -= 1_000);';

export const backwardClock = `--import data:text/javascript,${encodeURIComponent(script)}`;
