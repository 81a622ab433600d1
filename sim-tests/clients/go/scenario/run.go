package scenario

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

const scenarioTime = 60 * time.Second

type named struct {
	name string
	run  func(*Scope)
}

func all() []named {
	var list []named
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		list = append(list, named{"round-trip-" + codec, func(s *Scope) { roundTrip(s, codec) }})
	}
	return append(list,
		named{"idempotent-10000", idempotent},
		named{"commit-and-abort", commitAndAbort},
		named{"interleaved-producers", interleavedProducers},
		named{"open-transaction-holds-back", openTransactionHoldsBack},
		named{"zombie-fenced", zombieFenced},
		named{"consume-transform-produce", func(s *Scope) { consumeTransformProduce(s, false) }},
		named{"consume-transform-produce-consumer-protocol",
			func(s *Scope) { consumeTransformProduce(s, true) }},
		named{"killed-mid-transaction", killedMidTransaction},
		named{"transaction-timeout", transactionTimeout},
		named{"transaction-100000", transaction100000},
		named{"fifty-producers", fiftyProducers},
		named{"admin", func(s *Scope) { s.Admin(s) }},
		controlled("crash-coordinator", crashCoordinator),
		controlled("crash-leader", crashLeader),
		controlled("crash-group-coordinator", crashGroupCoordinator),
		controlled("moved-coordinator", movedCoordinator),
		controlled("rebalance-under-crash", func(s *Scope) { rebalanceUnderCrash(s, false) }),
		controlled("rebalance-under-crash-consumer-protocol", func(s *Scope) { rebalanceUnderCrash(s, true) }),
	)
}

// controlled is a scenario that needs the control API.
func controlled(name string, run func(*Scope)) named {
	return named{name, func(s *Scope) {
		if s.Control == nil {
			panic(NotPossible("without --control nothing can be crashed or moved"))
		}
		if _, able := s.Client.(GroupWorker); !able {
			panic(NotPossible("crashes and moves are not scripted for this client"))
		}
		defer s.Control.RestartAll()
		run(s)
	}}
}

// Main runs the scenarios that the command line asks for, one line of standard output for each.
func Main(connect func(bootstrap []string) (Client, error)) {
	arguments, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\nusage: %s --bootstrap host:port[,host:port] [--scenario NAME]..."+
			" [--transaction-version 1|2] [--prefix TEXT] [--control URL]\n", err, os.Args[0])
		os.Exit(2)
	}
	client, err := connect(strings.Split(arguments.bootstrap, ","))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	if arguments.child != "" {
		child(client, arguments.child)
	}
	known := all()
	if len(arguments.scenarios) == 0 {
		for _, scenario := range known {
			arguments.scenarios = append(arguments.scenarios, scenario.name)
		}
	}
	code := 0
	for _, wanted := range arguments.scenarios {
		if !runNamed(known, wanted, client, arguments) {
			code = 1
		}
	}
	os.Exit(code)
}

func runNamed(known []named, wanted string, client Client, arguments arguments) bool {
	for _, scenario := range known {
		if scenario.name == wanted {
			return runOne(scenario, client, arguments)
		}
	}
	fmt.Printf("FAIL %s 0 no such scenario\n", wanted)
	return false
}

func runOne(scenario named, client Client, arguments arguments) bool {
	ctx, cancel := context.WithTimeout(context.Background(), scenarioTime)
	defer cancel()
	scope := &Scope{
		Context: ctx, Client: client, Bootstrap: arguments.bootstrap, Control: arguments.control,
		name: arguments.prefix + "-" + scenario.name, transactionVersion: arguments.transactionVersion,
	}
	start := time.Now()
	done := make(chan error, 1)
	go func() { done <- caught(func() { scenario.run(scope) }) }()
	var err error
	select {
	case err = <-done:
	// A little later than the context, so that the wait that failed can say what it waited for.
	case <-time.After(scenarioTime + time.Second):
		err = fmt.Errorf("not done after %v", scenarioTime)
	}
	millis := time.Since(start).Milliseconds()
	go scope.close()
	var impossible NotPossible
	switch {
	case err == nil:
		fmt.Println(strings.TrimSpace(
			fmt.Sprintf("PASS %s %d %s", scenario.name, millis, strings.Join(scope.notes, "; "))))
	case errors.As(err, &impossible):
		fmt.Printf("N/A %s %s\n", scenario.name, oneLine(err))
	default:
		fmt.Printf("FAIL %s %d %s\n", scenario.name, millis, oneLine(err))
		return false
	}
	return true
}

// caught turns a check that failed, or a panic of the client, into an error.
func caught(work func()) (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case failure:
			err = errors.New(string(cause))
		case NotPossible:
			err = cause
		default:
			fmt.Fprintf(os.Stderr, "%v\n%s", cause, debug.Stack())
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	work()
	return nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

type arguments struct {
	bootstrap          string
	prefix             string
	scenarios          []string
	transactionVersion int
	// control is nil when nothing can be crashed.
	control *Control
	// child is the prefix of the names of a process that is to be killed.
	child string
}

func parse(list []string) (arguments, error) {
	parsed := arguments{prefix: "go"}
	if len(list)%2 != 0 {
		return parsed, errors.New("an argument has no value")
	}
	for i := 0; i < len(list); i += 2 {
		value := list[i+1]
		switch list[i] {
		case "--bootstrap":
			parsed.bootstrap = value
		case "--prefix":
			parsed.prefix = value
		case "--control":
			parsed.control = newControl(value)
		case "--scenario":
			parsed.scenarios = append(parsed.scenarios, value)
		case "--transaction-version":
			version, err := strconv.Atoi(value)
			if err != nil {
				return parsed, err
			}
			parsed.transactionVersion = version
		case childArgument:
			parsed.child = value
		default:
			return parsed, fmt.Errorf("unknown argument %s", list[i])
		}
	}
	if parsed.bootstrap == "" {
		return parsed, errors.New("--bootstrap is missing")
	}
	return parsed, nil
}
