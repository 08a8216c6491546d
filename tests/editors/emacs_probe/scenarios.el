;;; scenarios.el --- What a person does with Bridle in Emacs  -*- lexical-binding: t -*-

;;; Code:

(defun scenario-one_undo_takes_the_fix ()
  "From the failing test by code actions to the landed fix, and back by one undo."
  (pcase-let* ((`(,source . ,line) (scenario--propose))
               (before (probe-text source)))
    (scenario--choose source line "bridle.accept")
    (probe-wait "the fix landed" (lambda () (string-search (probe-fact :right) (probe-text source))))
    (probe-same "landed text" (probe-text source)
                (string-replace (probe-fact :wrong) (probe-fact :right) before))
    (probe-wait "the landing is over" (lambda () (not (scenario--diagnostic source "bridle:\\|bridle \\["))))
    (with-current-buffer source
      (undo-boundary) ; as the command loop does after each command
      (undo-only 1)
      (probe-same "after one undo" (probe-text source) before)
      (undo-boundary)
      (undo-redo 1)
      (unless (string-search (probe-fact :right) (probe-text source))
        (error "Redo does not bring it back")))))

(defun scenario--propose ()
  "From the failing test to a verified proposal.  Return the source's buffer and the proposal's line there."
  (setq completing-read-function (lambda (_prompt choices &rest _) (car (all-completions "" choices))))
  (let ((source (probe-open (probe-fact :source_file)))
        (test (probe-open (probe-fact :test_file))))
    (eglot-execute (eglot-current-server) '(:command "bridle.trust" :arguments [(:trusted t)]))
    (eglot-execute (eglot-current-server) '(:command "bridle.verify" :arguments []))
    (probe-wait "the finding shows" (lambda () (scenario--diagnostic test "pytest")))
    (probe-same "line" (scenario--diagnostic test "pytest") (probe-fact :finding_line))
    (scenario--choose test (probe-fact :finding_line) "bridle.fix")
    (probe-wait "the run is over" (lambda () (probe-said "Accept, show or reject it by code action")))
    (cons source (probe-wait "the proposal shows" (lambda () (scenario--diagnostic source "verified"))))))

(defun scenario--diagnostic (buffer words)
  "Return the 0-based line of the first diagnostic of BUFFER whose text matches WORDS, or nil."
  (with-current-buffer buffer
    (flymake-start)
    (when-let* ((found (cl-find-if (lambda (each) (string-match-p words (flymake-diagnostic-text each)))
                                   (flymake-diagnostics))))
      (1- (line-number-at-pos (flymake-diagnostic-beg found) t)))))

(defun scenario--choose (buffer line command)
  "Choose the code action at LINE of BUFFER that runs COMMAND, once it is offered."
  (with-current-buffer buffer
    (probe-go line)
    (eglot-execute (eglot-current-server)
                   (probe-wait (format "%s is offered" command)
                               (lambda ()
                                 (cl-find command (eglot-code-actions (point) (point))
                                          :key (lambda (action) (plist-get (plist-get action :command) :command))
                                          :test #'equal))))))

(provide 'scenarios)

;;; scenarios.el ends here
