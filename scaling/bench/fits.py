"""Fits the same data with SciPy and with Headroom in one run and writes a table.

Usage: python3 scaling/bench/fits.py [--starts 225] [--resamples 150] [--runs 25] > table.md
One command: compiles the module's tests, runs FitBenchmark by JMH, then SciPy, on the same machine.
Needs Maven, numpy and scipy. SciPy may do a share of the work, which is scaled up in the table.
SciPy's work is what its users write: L-BFGS-B with an exact gradient, vectorised over the points.
"""
import argparse, csv, json, os, pathlib, subprocess, sys, tempfile, time

# Before numpy is loaded: threads that wait for work would count as processor time.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
import numpy as np
import scipy
from scipy.optimize import minimize

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
DELTA = 1e-3


def huber(r):
    size = np.abs(r)
    return np.where(size <= DELTA, .5 * r * r, DELTA * (size - .5 * DELTA)).sum(), np.clip(r, -DELTA, DELTA)


def chinchilla_rows():
    with open(DATA / "chinchilla-fig4" / "chinchilla_fig4.csv") as file:
        rows = [(float(r["N"]), float(r["D"]), float(r["loss"])) for r in csv.DictReader(file)]
    rows.sort(key=lambda row: row[2])
    return np.array(rows[:240])


def chinchilla(p, log_n, log_d, log_loss, count=None):
    """Parameters a, b, e, log A, log B of logsumexp, as in the papers."""
    terms = np.stack([p[3] - p[0] * log_n, p[4] - p[1] * log_d, np.full_like(log_n, p[2])])
    top = terms.max(0)
    parts = np.exp(terms - top)
    total = parts.sum(0)
    residual = top + np.log(total) - log_loss
    share = parts / total
    size = np.abs(residual)
    rho = np.where(size <= DELTA, .5 * residual**2, DELTA * (size - .5 * DELTA))
    psi = np.clip(residual, -DELTA, DELTA)
    if count is not None:
        rho = rho * count
        psi = psi * count
    slope = [-(share[0] * log_n) @ psi, -(share[1] * log_d) @ psi, share[2] @ psi, share[0] @ psi, share[1] @ psi]
    return rho.sum(), np.array(slope)


def run(f, start, args):
    return minimize(f, start, args=args, jac=True, method="L-BFGS-B",
                    options={"ftol": 1e-9, "gtol": 1e-7, "maxiter": 1000})


def grid(rows, limit):
    args = tuple(np.log(rows[:, k]) for k in range(3))
    starts = [(a, b, e, A, B) for a in np.arange(0, 2.1, .5) for b in np.arange(0, 2.1, .5)
              for e in np.arange(-1, 1.1, .5) for A in range(0, 26, 5) for B in range(0, 26, 5)]
    chosen = starts[:: max(1, len(starts) // limit)]
    found = [run(chinchilla, s, args) for s in chosen]
    best = min(f.fun for f in found)
    print(f"SciPy grid: {np.mean([f.nfev for f in found]):.0f} evaluations a start, "
          f"{np.mean([f.fun < 1.001 * best for f in found]):.0%} reach the best", file=sys.stderr)
    return best, len(starts) / len(chosen)


def bootstrap(rows, resamples, share):
    args = tuple(np.log(rows[:, k]) for k in range(3))
    start = run(chinchilla, (.35, .37, .6, 6.2, 7.7), args).x
    random = np.random.default_rng(1)
    for _ in range(share):
        count = np.bincount(random.integers(0, 240, 240), minlength=240)
        run(chinchilla, start, (*args, count))
    return resamples / share


def power(p, log_x, log_loss):
    term = np.exp(p[1] - p[2] * log_x)
    predicted = np.exp(p[0]) + term
    value, psi = huber(np.log(predicted) - log_loss)
    psi = psi / predicted
    return value, np.array([np.exp(p[0]) * psi.sum(), term @ psi, -(term * log_x) @ psi])


def small_runs(share):
    random = np.random.default_rng(1)
    log_x = np.log(100 * np.arange(1, 201.))
    for _ in range(share):
        loss = (2 + 3 * np.arange(1, 201.) ** -.4) * np.exp(.01 * random.standard_normal(200))
        for a in (.1, .4, 1.):
            run(power, (np.log(loss.min()), np.log(3.) + a * log_x[0], a), (log_x, np.log(loss)))
    return 10_000 / share


def annealing_points():
    xs, ys = [], []
    for name in ("cosine_24000", "constant_24000", "wsdcon_9"):
        total = 16000 if name == "wsdcon_9" else 24000
        step = np.arange(total)
        lr = np.full(total, 3e-4)
        if name == "cosine_24000":
            after = step >= 2160
            lr[after] = 3e-5 + .5 * 2.7e-4 * (1 + np.cos(np.pi * (step[after] - 2160) / (total - 2160)))
        if name == "wsdcon_9":
            lr[8000:] = 9e-5
        momentum, area, s2 = 0., 0., np.zeros(total)
        for i in range(1, total):
            momentum = .999 * momentum + lr[i - 1] - lr[i]
            area += momentum
            s2[i] = area
        s1 = np.cumsum(lr)
        with open(DATA / "lr-schedules" / "25M" / (name + ".csv")) as file:
            for row in csv.DictReader(file):
                at = int(float(row["step"]))
                if at < total:
                    xs.append((s1[at], s2[at]))
                    ys.append(float(row["loss"]))
    return np.array(xs), np.array(ys)


def annealing(p, log_s1, s2, log_loss):
    term = np.exp(p[1] - p[2] * log_s1)
    predicted = p[0] + term - p[3] * s2
    if (predicted <= 0).any():
        return 1e9, np.zeros(4)
    value, psi = huber(np.log(predicted) - log_loss)
    psi = psi / predicted
    return value, np.array([psi.sum(), term @ psi, -(term * log_s1) @ psi, -(s2 @ psi)])


def annealing_fit():
    x, y = annealing_points()
    args = (np.log(x[:, 0]), x[:, 1], np.log(y))
    started = time.process_time()
    best = min((run(annealing, (l, np.log(a), al, c), args) for l in (2.5, 3., 3.3)
                for a in (.3, .6) for al in (.3, .6, .9) for c in (.2, .5)), key=lambda found: found.fun)
    return best.fun, time.process_time() - started


def multi_power_runs():
    """Per point: S1, changes of the rate, their log rates and the area since each; and the losses."""
    points, losses = [], []
    for name in ("cosine_24000", "constant_24000", "wsdcon_9"):
        total = 16000 if name == "wsdcon_9" else 24000
        step = np.arange(total)
        lr = np.full(total, 3e-4)
        if name == "cosine_24000":
            lr = 3e-5 + .5 * 2.7e-4 * (1 + np.cos(np.pi * (step - 2160) / (total - 2160)))
        if name == "wsdcon_9":
            lr[8000:] = 9e-5
        lr[:2160] = 3e-4 * step[:2160] / 2159
        s1 = np.cumsum(lr)
        changes = np.flatnonzero(np.diff(lr)) + 1
        with open(DATA / "lr-schedules" / "25M" / (name + ".csv")) as file:
            for row in csv.DictReader(file):
                at = int(float(row["step"]))
                if at < total:
                    k = changes[changes <= at]
                    points.append((s1[at], lr[k] - lr[k - 1], np.log(lr[k]), s1[at] - s1[k - 1]))
                    losses.append(float(row["loss"]))
    return points, np.log(losses)


def multi_power(p, points, log_loss):
    l0, a, b, al, log_c, be, g = p
    value, slope = 0., np.zeros(7)
    for (s1, delta, log_rate, since), log_l in zip(points, log_loss):
        grown = np.exp(log_c - g * log_rate) * since
        log_one = np.log1p(grown)
        left = np.exp(-be * log_one)
        drop = delta @ (1 - left)
        term = a * s1 ** -al
        predicted = l0 + term + b * drop
        if not predicted > 0:
            return 1e9, np.zeros(7)
        part, psi = huber(np.array([np.log(predicted) - log_l]))
        bend = b * delta * be * left * grown / (1 + grown)
        value += part
        slope += psi[0] / predicted * np.array([
            1, term / a, drop, -term * np.log(s1), bend.sum(), b * (delta * left) @ log_one, -bend @ log_rate])
    return value, slope


def multi_power_fit():
    """One start, near the published values; its users take more."""
    points, log_loss = multi_power_runs()
    started = time.process_time()
    found = minimize(multi_power, (3., .5, 400., .5, .7, .6, .6), args=(points, log_loss), jac=True, method="L-BFGS-B",
                     bounds=[(.1, 4), (.01, 5), (1, 5000), (.01, 3), (-15, 8), (.01, 5), (0, 3)],
                     options={"ftol": 1e-9, "gtol": 1e-7, "maxiter": 300})
    return found.fun, time.process_time() - started


def scipy_seconds(options):
    rows = chinchilla_rows()
    seconds = {}
    started = time.process_time()
    value, factor = grid(rows, options.starts)
    seconds["chinchillaGrid"] = (time.process_time() - started) * factor
    print(f"SciPy grid: best objective {value:.7e}", file=sys.stderr)
    started = time.process_time()
    factor = bootstrap(rows, 4000, options.resamples)
    seconds["chinchillaBootstrap"] = (time.process_time() - started) * factor
    value, seconds["annealingCurves"] = annealing_fit()
    print(f"SciPy annealing: best objective {value:.7e}", file=sys.stderr)
    value, seconds["multiPowerCurves"] = multi_power_fit()
    print(f"SciPy multi-power: objective {value:.7e}", file=sys.stderr)
    started = time.process_time()
    factor = small_runs(options.runs)
    seconds["smallRuns"] = (time.process_time() - started) * factor
    return seconds


def classpath(maven):
    """Compiles the tests and returns their class path."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        subprocess.run([*maven.split(), "-q", "-B", "-pl", "scaling", "-am", "test-compile",
                        "dependency:build-classpath", "-DincludeScope=test", "-Dmdep.outputFile=" + file.name],
                       check=True, stdout=sys.stderr, cwd=ROOT)
        jars = open(file.name).read().strip()
    target = ROOT / "scaling" / "target"
    return os.pathsep.join([str(target / "test-classes"), str(target / "classes"), jars])


def headroom_seconds(classpath):
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        subprocess.run(["java", "-cp", classpath, "org.openjdk.jmh.Main", "FitBenchmark", "-rf", "json", "-rff", file.name],
                       check=True, stdout=sys.stderr, cwd=ROOT / "scaling")
        results = json.load(open(file.name))
    seconds = {}
    for result in results:
        name = result["benchmark"].rsplit(".", 1)[1]
        wall = np.median(result["primaryMetric"]["rawData"][0]) / 1e3
        busy = np.median(result["secondaryMetrics"]["processorMillis"]["rawData"][0]) / 1e3
        seconds[name] = (wall, busy)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=4500)
    parser.add_argument("--resamples", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--maven", default="mvn", help="for example 'mvn -o'")
    options = parser.parse_args()
    ours = headroom_seconds(classpath(options.maven))
    theirs = scipy_seconds(options)
    print("| fit | Headroom wall s | Headroom processor s | SciPy %s processor s | SciPy / Headroom |" % scipy.__version__)
    print("|---|---|---|---|---|")
    for name, (wall, busy) in sorted(ours.items()):
        other = theirs.get(name)
        ratio = f"{other:.2f} | {other / busy:.1f}" if other else "- | -"
        print(f"| {name} | {wall:.3f} | {busy:.3f} | {ratio} |")


if __name__ == "__main__":
    main()
