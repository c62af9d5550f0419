package dev.headroom.cli.train;

import dev.headroom.cli.CommandException;
import dev.headroom.cli.ExitCode;
import dev.headroom.head.SphericalFunction;
import dev.headroom.listeners.TrainingStep;

/** One model of a study while it is trained. */
final class StudyModel implements AutoCloseable {
  private final String name;
  private final TrainSettings settings;
  private final Network network;
  private final TrainingLoop loop;
  private double seconds;

  /**
   * Makes a model.
   *
   * @param name of its loss
   * @param function loss of a spherical head, or null for the softmax head
   */
  StudyModel(String name, TrainSettings settings, StudyText text, SphericalFunction function) {
    this.name = name;
    this.settings = settings;
    network = new Network(settings, text.classes(), text.numbers(), function);
    loop = new TrainingLoop(settings, new Batches(text.corpus(), settings), network, null);
  }

  Network network() {
    return network;
  }

  /**
   * Makes one update; {@code seconds} of the entry is the time of all updates so far.
   *
   * @param last whether the mean negative log-likelihood of held-out text is wanted
   * @throws CommandException with exit code 1 where the loss is not finite
   */
  TrainingStep step(long step, boolean last) {
    TrainingStep entry = loop.step(step, last, seconds);
    if (!Float.isFinite(entry.loss()) || !Double.isFinite(entry.gradNorm())) {
      throw new CommandException(
          ExitCode.CHECK_FAILED,
          name
              + ", seed "
              + settings.seed()
              + ", step "
              + step
              + ": loss "
              + entry.loss()
              + " (expected: a finite one; leave the loss out, or lower its weight or the learning"
              + " rate)");
    }
    seconds = entry.seconds();
    return entry;
  }

  @Override
  public void close() {
    network.close();
  }
}
