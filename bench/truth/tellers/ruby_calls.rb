# frozen_string_literal: true

# Tells what ran below a folder: `BRIDLE_ROOT=DIR BRIDLE_OUT=FILE ruby -r./ruby_calls.rb …`; lines of JSON, at the end.
#
# call: from which line which definition of the folder was called, by which name, and what it replaces; outside: what was called on a line and
# is defined elsewhere; import: which file took which in; lines: the lines of a file that ran.

require "coverage"
require "json"

module BridleCalls
  ROOT = File.join(File.realpath(ENV.fetch("BRIDLE_ROOT")), "")
  OUT = ENV.fetch("BRIDLE_OUT")
  TOLD = {}
  PLACES = {}
  BEHIND = {}

  module_function

  def own(path)
    path&.start_with?(ROOT) ? path[ROOT.size..] : nil
  end

  # What `attr_reader` and its like make runs no line of Ruby; where it was said is known all the same.
  def made(tp)
    PLACES.fetch([tp.defined_class, tp.method_id]) do |key|
      PLACES[key] = begin
        tp.defined_class.instance_method(tp.method_id).source_location
      rescue NameError, TypeError
        nil
      end
    end
  end

  # Where the methods stand that a method replaces, nearest first.
  def replaced(tp)
    BEHIND.fetch([tp.defined_class, tp.method_id]) do |key|
      BEHIND[key] = begin
        found = []
        at = tp.defined_class.instance_method(tp.method_id)
        while found.size < 20 && (at = at.super_method)
          path, line = at.source_location
          found << [own(path), line] if own(path)
        end
        found
      rescue NameError, TypeError
        []
      end
    end
  end

  def watch
    TracePoint.new(:call, :c_call) do |tp|
      at = caller_locations(tp.event == :call ? 2 : 1, 1)&.first
      from = at && own(at.absolute_path || at.path)
      next unless from

      path, line = tp.event == :call ? [tp.path, tp.lineno] : made(tp)
      to = own(path)
      told = ["outside", from, at.lineno, tp.callee_id]
      told = ["call", from, at.lineno, tp.callee_id, tp.method_id, to, line, replaced(tp)] if to
      TOLD[told] = true
    end.enable
  end

  def tell
    File.open(OUT, "a") do |file|
      TOLD.each_key { |one| file.puts(JSON.generate(one)) }
      Coverage.peek_result.each do |path, counts|
        ran = own(path)
        file.puts(JSON.generate(["lines", ran, counts.each_index.select { |at| counts[at]&.positive? }])) if ran
      end
    end
  end
end

# Of a stranger's tools that measure, tests need nothing.
module SimpleCov
  def self.method_missing(*, **) = self
  def self.respond_to_missing?(*) = true
  def self.const_missing(*) = self
end
Coveralls = SimpleCov

module BridleRequires
  LEFT_OUT = /\A(?:simplecov|coveralls|childlabor|pry)\b/

  def require(name)
    BridleRequires.noted(caller_locations(1, 1).first, name.to_s) { super }
  rescue LoadError
    raise unless LEFT_OUT.match?(name.to_s)

    false
  end

  def require_relative(name)
    at = caller_locations(1, 1).first
    whole = File.expand_path(name, File.dirname(at.absolute_path || at.path))
    BridleRequires.noted(at, whole) { Kernel.require(whole) }
  end

  def self.noted(at, name)
    found = yield
    from = BridleCalls.own(at.absolute_path || at.path)
    if from
      ends = [name, "#{name}.rb", "/#{name}", "/#{name}.rb"]
      whole = $LOADED_FEATURES.find { |one| ends.first(2).include?(one) || one.end_with?(*ends.last(2)) }
      to = whole && BridleCalls.own(File.exist?(whole) ? File.realpath(whole) : whole)
      BridleCalls::TOLD[["import", from, at.lineno, to]] = true if to
    end
    found
  end
end

Coverage.start
Object.prepend(BridleRequires)
at_exit { BridleCalls.tell }
BridleCalls.watch
