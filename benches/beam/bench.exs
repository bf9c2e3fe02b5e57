# The same scenarios on the BEAM, in Elixir: `elixir bench.exs SCENARIO OPERATIONS` runs one sample and prints it as a
# line of JSON, `{"figures": {"": 1234.5}}`: nanoseconds an operation, by what to append to the scenario's name.
#
# All is in modules, because the top level of a script is interpreted. What is counted, and how, is told in
# ../src/scenario.

defmodule Counter do
  use GenServer

  def child_spec(opts),
    do: %{id: __MODULE__, start: {__MODULE__, :start_link, [opts]}, restart: Keyword.get(opts, :restart, :permanent)}

  def start_link(opts), do: GenServer.start_link(__MODULE__, 0, Keyword.take(opts, [:name]))
  def init(total), do: {:ok, total}

  def handle_call({:add, by}, _from, total), do: {:reply, total + by, total + by}

  def handle_cast({:put, by}, total), do: {:noreply, total + by}
  def handle_cast(:crash, _total), do: exit(:told_to_crash)

  def add(server, by), do: GenServer.call(server, {:add, by}, :infinity)
  def add_in_time(server, by), do: GenServer.call(server, {:add, by}, 5_000)
  def put(server, by), do: GenServer.cast(server, {:put, by})
end

defmodule Link do
  use GenServer

  def init({next, done}), do: {:ok, {next, done}}
  def handle_call({:connect, next}, _from, {_, done}), do: {:reply, :ok, {next, done}}

  def handle_cast({:token, 0}, {next, done}) do
    send(done, :done)
    {:noreply, {next, done}}
  end

  def handle_cast({:token, hops}, {next, done}) do
    GenServer.cast(next, {:token, hops - 1})
    {:noreply, {next, done}}
  end
end

# One of those who listen to a topic: registered under it, as Registry's own documentation has it for PubSub.
defmodule Subscriber do
  use GenServer

  def init(topic) do
    {:ok, _} = Registry.register(Topics, topic, nil)
    {:ok, 0}
  end

  def handle_info({:put, by}, total), do: {:noreply, total + by}
  def handle_call(:sum, _from, total), do: {:reply, total, total}

  def sum(server), do: GenServer.call(server, :sum, :infinity)
end

defmodule Bench do
  @callers 64
  @many 1_000

  def main([scenario, operations]) do
    Logger.configure(level: :none)
    figures = run(scenario, String.to_integer(operations))
    text = Enum.map_join(figures, ", ", fn {name, value} -> ~s("#{name}": #{:erlang.float_to_binary(value / 1, decimals: 3)}) end)
    IO.puts(~s({"figures": {#{text}}}))
  end

  # One figure, the nanoseconds of each of so many operations.
  defp each(operations, took), do: [{"", took / operations}]

  defp timed(work) do
    begun = System.monotonic_time(:nanosecond)
    work.()
    System.monotonic_time(:nanosecond) - begun
  end

  defp repeat(0, _), do: :ok

  defp repeat(times, work) do
    work.()
    repeat(times - 1, work)
  end

  defp start(opts \\ []) do
    {:ok, counter} = GenServer.start(Counter, 0, opts)
    counter
  end

  defp run("call_seq", calls) do
    counter = start()
    repeat(100, fn -> Counter.add(counter, 1) end)
    each(calls, timed(fn -> repeat(calls, fn -> Counter.add(counter, 1) end) end))
  end

  defp run("call_timeout", calls) do
    counter = start()
    repeat(100, fn -> Counter.add_in_time(counter, 1) end)
    each(calls, timed(fn -> repeat(calls, fn -> Counter.add_in_time(counter, 1) end) end))
  end

  defp run("call_conc", calls) do
    share = div(calls + @callers - 1, @callers)
    counter = start()
    Counter.add(counter, 0)

    took =
      timed(fn ->
        callers =
          for _ <- 1..@callers, do: spawn_monitor(fn -> repeat(share, fn -> Counter.add(counter, 1) end) end)

        for {_, monitor} <- callers do
          receive do
            {:DOWN, ^monitor, _, _, :normal} -> :ok
          end
        end
      end)

    true = Counter.add(counter, 0) == share * @callers
    each(share * @callers, took)
  end

  defp run("cast", casts) do
    counter = start()
    Counter.add(counter, 0)

    took =
      timed(fn ->
        repeat(casts, fn -> Counter.put(counter, 1) end)
        ^casts = Counter.add(counter, 0)
      end)

    each(casts, took)
  end

  defp run("ring", messages) do
    done = self()
    {:ok, last} = GenServer.start(Link, {nil, done})

    first =
      Enum.reduce(2..@many, last, fn _, next ->
        {:ok, link} = GenServer.start(Link, {next, done})
        link
      end)

    :ok = GenServer.call(last, {:connect, first})
    pass(first, @many - 1)
    messages = max(messages, 1)
    each(messages, timed(fn -> pass(first, messages - 1) end))
  end

  defp run("spawn", servers) do
    repeat(10, &start_and_stop/0)
    each(servers, timed(fn -> repeat(servers, &start_and_stop/0) end))
  end

  defp run("registry_call", calls) do
    {:ok, _} = Registry.start_link(keys: :unique, name: Names)
    names = for index <- 0..(@many - 1), do: "counter-#{index}"
    for name <- names, do: start(name: {:via, Registry, {Names, name}})
    by_name = fn name -> Counter.add({:via, Registry, {Names, name}}, 1) end
    Enum.each(names, by_name)

    took = timed(fn -> names |> Stream.cycle() |> Enum.take(calls) |> Enum.each(by_name) end)
    each(calls, took)
  end

  defp run("restart", crashes) do
    {:ok, _} =
      Supervisor.start_link([{Counter, name: Counter}],
        strategy: :one_for_one,
        max_restarts: 1_000_000,
        max_seconds: 1
      )

    crash_and_wait()
    each(crashes, timed(fn -> repeat(crashes, &crash_and_wait/0) end))
  end

  defp run("fanout", deliveries) do
    numbers = div(deliveries + @many - 1, @many)
    subscribers = for _ <- 1..@many, do: start()
    for subscriber <- subscribers, do: Counter.add(subscriber, 0)

    took =
      timed(fn ->
        repeat(numbers, fn -> Enum.each(subscribers, &Counter.put(&1, 1)) end)
        for subscriber <- subscribers, do: ^numbers = Counter.add(subscriber, 0)
      end)

    each(numbers * @many, took)
  end

  defp run("publish", deliveries) do
    numbers = div(deliveries + @many - 1, @many)
    topic = "rates.eur"
    {:ok, _} = Registry.start_link(keys: :duplicate, name: Topics, partitions: System.schedulers_online())

    subscribers =
      for _ <- 1..@many do
        {:ok, subscriber} = GenServer.start(Subscriber, topic)
        subscriber
      end

    took =
      timed(fn ->
        repeat(numbers, fn -> publish(topic, {:put, 1}) end)
        for subscriber <- subscribers, do: ^numbers = Subscriber.sum(subscriber)
      end)

    each(numbers * @many, took)
  end

  defp run("children", most) do
    for {size, name} <- [{100, "_100"}, {1_000, "_1k"}, {10_000, "_10k"}, {100_000, "_100k"}] do
      size = min(size, most)
      rounds = max(div(div(most, 5), size), 1)
      {:ok, supervisor} = DynamicSupervisor.start_link(strategy: :one_for_one)

      took =
        Enum.reduce(1..rounds, 0, fn _, sum ->
          sum +
            timed(fn ->
              children = for _ <- 1..size, do: add(supervisor)
              for child <- children, do: :ok = DynamicSupervisor.terminate_child(supervisor, child)
            end)
        end)

      Supervisor.stop(supervisor)
      {name, took / (size * rounds)}
    end
  end

  defp run("children_stop", children) do
    {:ok, supervisor} = DynamicSupervisor.start_link(strategy: :one_for_one)
    for _ <- 1..children, do: add(supervisor)
    each(children, timed(fn -> Supervisor.stop(supervisor, :normal, :infinity) end))
  end

  defp add(supervisor) do
    {:ok, child} = DynamicSupervisor.start_child(supervisor, {Counter, []})
    child
  end

  defp publish(topic, event) do
    Registry.dispatch(Topics, topic, fn entries ->
      for {subscriber, _} <- entries, do: send(subscriber, event)
    end)
  end

  defp start_and_stop, do: GenServer.stop(start())

  defp pass(first, hops) do
    GenServer.cast(first, {:token, hops})

    receive do
      :done -> :ok
    end
  end

  defp crash_and_wait do
    GenServer.cast(Counter, :crash)
    answered()
  end

  # Asks again at once, giving way in between, until somebody fresh answers.
  defp answered do
    try do
      1 = Counter.add(Counter, 1)
    catch
      :exit, _ ->
        :erlang.yield()
        answered()
    end
  end
end

Bench.main(System.argv())
