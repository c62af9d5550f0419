"use strict";
(function () {
  const source = JSON.parse(document.getElementById("data").textContent);
  const box = document.getElementById("curves");
  const logX = document.getElementById("logx");
  const logY = document.getElementById("logy");
  const darkQuery = window.matchMedia("(prefers-color-scheme: dark)");
  const shown = source.series.map(() => true);
  let plot = null;

  // 1-2-5 steps; a logarithmic axis over less than a decade gets even ones, or it had no label.
  function splits(log, most, min, max) {
    const out = [];
    if (log && max / min >= 8) {
      for (let e = Math.floor(Math.log10(min)); e <= Math.log10(max); e++) {
        for (const f of [1, 2, 5]) {
          const v = f * Math.pow(10, e);
          if (v >= min && v <= max) out.push(v);
        }
      }
      return out;
    }
    const raw = (max - min) / most;
    const power = Math.pow(10, Math.floor(Math.log10(raw)));
    const step = power * [1, 2, 5, 10].find((f) => f * power >= raw * (1 - 1e-9));
    for (let k = Math.ceil(min / step); k * step <= max; k++) out.push(k * step);
    return out;
  }

  // All labels of an axis get the decimals of its finest one: 3.8 and 4.0.
  function labels(values) {
    const plain = values.map(label);
    const decimals = Math.max(0, ...plain.map((t) => (/[kMB]$/.test(t) ? 0 : (t.split(".")[1] || "").length)));
    return values.map((v, i) => (/[kMB]$/.test(plain[i]) ? plain[i] : v.toFixed(Math.min(8, decimals))));
  }

  function label(v) {
    const size = Math.abs(v);
    if (size >= 1e9) return +(v / 1e9).toPrecision(6) + "B";
    if (size >= 1e6) return +(v / 1e6).toPrecision(6) + "M";
    if (size >= 1e4) return +(v / 1e3).toPrecision(6) + "k";
    return String(+v.toPrecision(6));
  }

  function axis(log, most, text, css) {
    return {
      label: text,
      stroke: css.getPropertyValue("--muted"),
      grid: { stroke: css.getPropertyValue("--line"), width: 1 },
      ticks: { stroke: css.getPropertyValue("--line"), width: 1 },
      splits: (u, i, min, max) => splits(log, most, min, max),
      filter: (u, values) => values,
      values: (u, values) => labels(values),
    };
  }

  function options(width) {
    const css = getComputedStyle(document.documentElement);
    const dark = darkQuery.matches;
    const most = Math.max(3, Math.floor(width / 110));
    const series = source.series.map((s, i) => ({
      label: s.name,
      show: shown[i],
      stroke: dark ? s.dark : s.light,
      width: s.points ? 0 : 1.6,
      dash: s.dashed ? [6, 4] : undefined,
      spanGaps: true,
      points: s.points || s.sparse ? { show: true, size: 7, fill: dark ? s.dark : s.light } : { show: false },
      value: (u, v) => (v == null ? "–" : v.toPrecision(5)),
    }));
    return {
      width: width,
      height: 400,
      cursor: { drag: { x: true, y: true, uni: 20 }, focus: { prox: 24 } },
      focus: { alpha: 0.35 },
      scales: {
        x: { time: false, distr: logX.checked ? 3 : 1, range: (u, min, max) => exact(min, max, logX.checked) },
        y: { distr: logY.checked ? 3 : 1, range: (u, min, max) => pad(min, max, logY.checked) },
      },
      axes: [
        axis(logX.checked, most, "step", css),
        Object.assign(axis(logY.checked, 7, "loss, nats per token", css), { size: 64 }),
      ],
      series: [{ label: "step", value: (u, v) => (v == null ? "–" : String(v)) }].concat(series),
      hooks: {
        setSeries: [
          (u, i, change) => {
            if (i > 0 && change && change.show !== undefined) shown[i - 1] = u.series[i].show;
          },
        ],
      },
    };
  }

  // uPlot would widen a logarithmic range to whole decades.
  function exact(min, max, log) {
    return min == null || min === max ? pad(min, max, log) : [min, max];
  }

  function pad(min, max, log) {
    if (min == null || max == null) return log ? [1, 10] : [0, 1];
    if (log) {
      const f = Math.max(1.01, Math.pow(max / min, 0.04));
      return [min / f, max * f];
    }
    const d = Math.max((max - min) * 0.04, Math.abs(max) * 1e-3);
    return [min - d, max + d];
  }

  // A logarithmic scale has no place for step 0 or a loss of 0.
  function data() {
    if (!logX.checked && !logY.checked) return source.data;
    const keep = source.data[0].map((x) => !logX.checked || x > 0);
    return source.data.map((column, c) =>
      column.filter((v, i) => keep[i]).map((v) => (c > 0 && logY.checked && v !== null && v <= 0 ? null : v))
    );
  }

  function draw() {
    if (plot) plot.destroy();
    plot = new uPlot(options(box.clientWidth), data(), box);
    window.headroomPlot = plot;
  }

  logX.addEventListener("change", draw);
  logY.addEventListener("change", draw);
  document.getElementById("reset").addEventListener("click", draw);
  darkQuery.addEventListener("change", draw);
  window.addEventListener("resize", () => plot.setSize({ width: box.clientWidth, height: 400 }));
  draw();
})();
